"""Pages for agents, on an origin of their own.

`signing_in` the door · `passkeys` an agent's own page · `proving` signing in again in a form ·
`queue` what waits · `choices` of which an agent chose some · `live` what changes meanwhile ·
`serving` what to do next, passing it over, who looks ·
`ticket` one case and what may be done on it ·
`evidence` proofs and checklist · `judgement` hints laid aside, reports judged ·
`looking` an address shown in clear ·
`journal` the record ·
`restoring` removals, people taken back, devices ·
`clocks` waiting, and whoever was rung · `board` the supervisor's view ·
`approval` the second person's page · `second_person` what all such pages share ·
`decision` kept frozen, looked at again ·
`reviews` releases that were drawn · `client_mistakes` what one client froze ·
`safety` owners who do not feel safe ·
`work` whose it is, notes · `messages` writing to its people · `meanwhile` who was faster ·
`frame` what all of them share · `answers` refusals in words · `again` what is ready to be sent
once more
"""

from litestar.types import ControllerRouterHandler

from service.console import (
    answers,
    approval,
    board,
    client_mistakes,
    clocks,
    decision,
    evidence,
    journal,
    judgement,
    live,
    looking,
    messages,
    passkeys,
    queue,
    restoring,
    reviews,
    safety,
    serving,
    signing_in,
    ticket,
    work,
)

__all__ = ["ROUTES", "answers"]

ROUTES: tuple[ControllerRouterHandler, ...] = (
    signing_in.show_sign_in,
    signing_in.sign_in,
    signing_in.sign_in_with_passkey,
    signing_in.ask_for_passkey,
    signing_in.sign_out,
    passkeys.show_me,
    passkeys.prove,
    passkeys.ask_again,
    passkeys.ask_for_new,
    passkeys.add,
    passkeys.end,
    passkeys.make_codes,
    queue.show_queue,
    queue.find,
    live.live,
    serving.take,
    serving.skip,
    serving.say_presence,
    ticket.show,
    ticket.reach_owner,
    *evidence.ROUTES,
    ticket.propose_release,
    ticket.answer_duress,
    ticket.let_notices_go,
    journal.show_journal,
    work.take,
    work.hand_over,
    work.boost,
    work.add_note,
    messages.compose,
    messages.write,
    board.show_board,
    board.reassign,
    board.reassign_all,
    clocks.pause,
    clocks.go_on,
    clocks.answer,
    judgement.note_attempt,
    judgement.close,
    judgement.hear,
    judgement.judge,
    judgement.show_verdict,
    judgement.confirm_verdict,
    judgement.reject_verdict,
    restoring.decide_removal,
    restoring.propose_reinstatement,
    restoring.show_reinstatement,
    restoring.confirm_reinstatement,
    restoring.reject_reinstatement,
    restoring.clear_device,
    looking.reveal,
    safety.show,
    safety.add_note,
    safety.hand_over,
    safety.remove_contact,
    safety.close,
    safety.skip,
    safety.back,
    approval.show,
    approval.approve,
    approval.reject,
    decision.propose_keeping,
    decision.review_keeping,
    decision.review_release,
    reviews.show_reviews,
    client_mistakes.show_all,
    client_mistakes.propose,
    client_mistakes.show,
    client_mistakes.approve,
    client_mistakes.reject,
)
