"""Pages for agents, on an origin of their own.

`signing_in` the door · `queue` what waits · `ticket` one case and what may be done on it ·
`approval` the second person's page · `frame` what all of them share · `answers` refusals in words
"""

from litestar.types import ControllerRouterHandler

from service.console import answers, approval, queue, signing_in, ticket

__all__ = ["ROUTES", "answers"]

ROUTES: tuple[ControllerRouterHandler, ...] = (
    signing_in.front_door,
    signing_in.show_sign_in,
    signing_in.sign_in,
    signing_in.sign_out,
    queue.show_queue,
    queue.find,
    ticket.show,
    ticket.reach_owner,
    ticket.record_proof,
    ticket.propose_release,
    ticket.answer_duress,
    ticket.let_notices_go,
    approval.show,
    approval.approve,
    approval.reject,
)
