"""Pages for agents, on an origin of their own.

`signing_in` the door · `queue` what waits · `ticket` one case and what may be done on it ·
`judgement` hints laid aside, reports judged · `restoring` removals, people taken back, devices ·
`approval` the second person's page · `safety` owners who do not feel safe ·
`frame` what all of them share · `answers` refusals in words
"""

from litestar.types import ControllerRouterHandler

from service.console import (
    answers,
    approval,
    judgement,
    queue,
    restoring,
    safety,
    signing_in,
    ticket,
)

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
    judgement.note_attempt,
    judgement.close,
    judgement.hear,
    judgement.judge,
    judgement.decide_verdict,
    restoring.decide_removal,
    restoring.reinstate,
    restoring.clear_device,
    safety.show,
    safety.add_note,
    safety.remove_contact,
    safety.close,
    safety.back,
    approval.show,
    approval.approve,
    approval.reject,
)
