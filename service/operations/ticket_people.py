"""The owner's people on a ticket's page: removals to be decided, and who may be taken back."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct, field
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import contacts
from domain.access import Agent
from domain.accounts import Account
from domain.contacts import SUSPENDED, Contact
from domain.events import ReinstatementRejected, name_of
from domain.ids import AgentId, ContactId
from domain.refusals import OwnerNotVerified
from domain.reports import LossReport
from domain.tickets import Ticket
from service.operations import agents, reinstating
from service.operations.house import House
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener


class RemovalSeen(Struct, frozen=True, kw_only=True):
    """A removal that the freeze stopped."""

    contact_id: ContactId
    name: str
    # How long it takes from the release, if it goes on.
    left: timedelta
    # What the verified owner wants; None: not asked yet.
    goes_on: bool | None
    # A refusal's code, or None where the agent may record it.
    cannot: str | None


class SuspendedSeen(Struct, frozen=True, kw_only=True):
    """Suspended for false reports, one of which stands on this ticket."""

    contact_id: ContactId
    name: str
    # Who wants to take them back, and waits for a second person; empty: nobody.
    proposed_by: str
    # Whoever said no to the last proposal, and why; empty: nobody did, or there is a newer one.
    rejected_by: str
    rejected_because: str
    cannot_propose: str | None
    cannot_confirm: str | None


class PeopleSeen(Struct, frozen=True, kw_only=True):
    removals: tuple[RemovalSeen, ...]
    suspended: tuple[SuspendedSeen, ...]

    @property
    def undecided(self) -> bool:
        """No release can be proposed before each removal is decided."""
        return any(one.goes_on is None for one in self.removals)


async def see(
    db: AsyncConnection,
    house: House,
    ticket: Ticket,
    account: Account,
    reports: tuple[LossReport, ...],
    *,
    agent: Agent,
    now: datetime,
) -> PeopleSeen:
    """As the page of this ticket shows them to this agent."""
    stored = await load.contacts_of(db, account.wallet_id, account.id)
    stands_still = ticket.is_open and account.is_frozen
    leaving = [
        one for one in stored if stands_still and contacts.is_removal_pending(one, account, now)
    ]
    judged = reinstating.found_false(reports)
    suspended = [
        one
        for one in stored
        if one.id in judged and one.status is SUSPENDED and not one.is_gone(account, now)
    ]
    opener = await Opener.for_values(db, house.keys, [one.name for one in (*leaving, *suspended)])
    said_no = await _said_no(db, ticket) if suspended else {}
    acted = {one.reinstatement_proposed_by for one in suspended}
    acted |= {one.by for one in said_no.values()}
    names = await agents.names_of(db, house, [one for one in acted if one is not None])
    asked = _Asked(ticket=ticket, account=account, agent=agent, now=now)
    return PeopleSeen(
        removals=tuple(_removal(one, _name(one, opener), asked) for one in leaving),
        suspended=tuple(
            _suspended(one, _name(one, opener), names, said_no.get(one.id), asked)
            for one in suspended
        ),
    )


class _SaidNo(Struct, frozen=True, kw_only=True):
    contact_id: ContactId
    by: AgentId = field(name="rejected_by")
    reason: str


class _Recorded(Struct, frozen=True, kw_only=True):
    what: _SaidNo


async def _said_no(db: AsyncConnection, ticket: Ticket) -> dict[ContactId, _SaidNo]:
    """The last no to taking each of them back: it is recorded, and stored nowhere else."""
    entries = await load.journal_of(db, ticket.wallet_id, ticket.account_id, since=ticket.opened_at)
    named = f'"event":"{name_of(ReinstatementRejected)}"'
    told = (
        msgspec.json.decode(entry, type=_Recorded).what for _, entry in entries if named in entry
    )
    return {one.contact_id: one for one in told}


class _Asked(Struct, frozen=True, kw_only=True):
    """Who looks at which ticket, and when."""

    ticket: Ticket
    account: Account
    agent: Agent
    now: datetime


def _removal(one: Contact, name: str, asked: _Asked) -> RemovalSeen:
    def decide() -> None:
        if not asked.ticket.owner_is_verified:
            raise OwnerNotVerified
        contacts.decide_removal(
            one, account=asked.account, goes_on=True, by=asked.agent, now=asked.now
        )

    return RemovalSeen(
        contact_id=one.id,
        name=name,
        left=contacts.removal_left(one, account=asked.account),
        goes_on=one.removal_goes_on,
        cannot=refusal_of(decide),
    )


def _suspended(
    one: Contact,
    name: str,
    names: Mapping[AgentId, str],
    said_no: _SaidNo | None,
    asked: _Asked,
) -> SuspendedSeen:
    account, agent, now = asked.account, asked.agent, asked.now
    by = one.reinstatement_proposed_by
    no = said_no if by is None else None
    return SuspendedSeen(
        contact_id=one.id,
        name=name,
        proposed_by=names.get(by, "") if by is not None else "",
        rejected_by=names.get(no.by, "") if no is not None else "",
        rejected_because=no.reason if no is not None else "",
        cannot_propose=refusal_of(
            lambda: contacts.propose_reinstatement(one, account=account, by=agent, now=now)
        ),
        cannot_confirm=refusal_of(
            lambda: contacts.reinstate(one, account=account, by=agent, now=now)
        ),
    )


def _name(one: Contact, opener: Opener) -> str:
    return opener.text(Place("contacts", "name", one.id), one.name)
