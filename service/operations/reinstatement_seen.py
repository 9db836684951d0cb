"""That a suspended contact is taken back, as a second person reads it before they confirm it."""

from msgspec import Struct

from domain import contacts
from domain.contacts import StaysSuspended
from domain.ids import ContactId, TicketId
from domain.refusals import NotFound, OwnProposal
from domain.reports import Outcome
from service.operations import agents, reinstating, ticket_page
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.ticket_page import TicketSeen
from service.operations.ticket_reports import ReportSeen
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener


class ReinstatementSeen(Struct, frozen=True, kw_only=True):
    ticket: TicketSeen
    contact_id: ContactId
    name: str
    # Of the contact.
    row_version: int
    # Empty: nobody wants it now.
    proposed_by: str
    # Theirs on this ticket that two agents found false.
    reports: tuple[ReportSeen, ...]
    # Taken back, they stay: the owner would begin it anew.
    is_leaving: bool
    # A refusal's code, or None where the agent may.
    cannot_confirm: str | None
    cannot_reject: str | None


async def see(
    house: House, ticket_id: TicketId, contact_id: ContactId, *, by: SignedIn
) -> ReinstatementSeen:
    """What `reinstating.confirm` would do, found out by the rules that it asks.

    Raises NotFound for what the agent may not see, and for whoever was not judged on this ticket.
    """
    async with house.engine.connect() as db:
        ticket = await load.ticket_anywhere(db, ticket_id, await load.sight_of(db, by.agent))
        reports = await load.reports_of(db, ticket.wallet_id, ticket_id)
        if contact_id not in reinstating.found_false(reports):
            raise NotFound
        contact = await load.contact(db, ticket.wallet_id, contact_id)
        account = await load.account(db, ticket.wallet_id, ticket.account_id)
        opener = await Opener.for_values(db, house.keys, [contact.name])
        proposer = contact.reinstatement_proposed_by
        names = await agents.names_of(db, house, [] if proposer is None else [proposer])
        selves = await load.selves_of(db, by.agent.id)
        seen = await ticket_page.see(db, house, ticket, by.agent)

    def confirm() -> None:
        contacts.reinstate(contact, account=account, by=by.agent, now=seen.now)
        if proposer in selves:
            raise OwnProposal

    def reject() -> None:
        # Any reason will do to be told whether a no is possible.
        because = StaysSuspended.TOO_EARLY
        contacts.reject_reinstatement(
            contact, account=account, by=by.agent, because=because, now=seen.now
        )
        if proposer in selves:
            raise OwnProposal

    theirs = {one.id for one in reports if one.contact_id == contact_id}
    return ReinstatementSeen(
        ticket=seen,
        contact_id=contact_id,
        row_version=contact.row_version,
        name=opener.text(Place("contacts", "name", contact.id), contact.name),
        proposed_by="" if proposer is None else names.get(proposer, ""),
        reports=tuple(
            one for one in seen.reports if one.report_id in theirs and one.outcome is Outcome.FALSE
        ),
        is_leaving=contact.removal_began_at is not None,
        cannot_confirm=refusal_of(confirm),
        cannot_reject=refusal_of(reject),
    )
