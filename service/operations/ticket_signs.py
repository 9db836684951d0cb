"""What an agent looks at on a ticket: signs, whose addresses there are, and who was shown them.

Signs are read in our own rows; they decide nothing.
"""

from datetime import datetime

from msgspec import Struct

from domain import revealing, signs
from domain.access import SUPERVISES, Agent, Role
from domain.accounts import AddressKind
from domain.contacts import Contact
from domain.ids import AddressId, ContactId
from domain.revealing import Reveal, RevealReason, Whose
from domain.signs import Sign
from service.operations import agents
from service.operations.addresses import masked
from service.operations.looking import Looking
from service.operations.revealing import words_place
from service.operations.why_not import refusal_of
from service.security.encryption import Place
from service.storage import load
from service.storage.keychain import Opener
from service.storage.values import PersonAddress


class SecondSeen(Struct, frozen=True, kw_only=True):
    """Another address at which a reporter is heard: proved by them, and not the owner's choice."""

    address_id: AddressId
    kind: AddressKind
    masked: str
    proved_at: datetime


class ReporterSeen(Struct, frozen=True, kw_only=True):
    """A contact who reported, and the addresses at which they are reached."""

    contact_id: ContactId
    name: str
    kind: AddressKind
    # Of the address under which they are enrolled; empty once it was erased.
    masked: str
    second: SecondSeen | None


class RevealSeen(Struct, frozen=True, kw_only=True):
    """Who was shown an address, and why; for whoever supervises."""

    by: str
    whose: Whose
    reason: RevealReason
    words: str
    at: datetime


class SignsSeen(Struct, frozen=True, kw_only=True):
    signs: tuple[Sign, ...]
    reporters: tuple[ReporterSeen, ...]
    reveals: tuple[RevealSeen, ...]
    # Why this agent is shown none in clear: a refusal's code, or None.
    cannot_reveal: str | None
    cannot_reveal_reporter: str | None


async def see(looking: Looking) -> SignsSeen:
    facts = await load.sign_facts(looking.db, (looking.ticket.id,))
    return SignsSeen(
        signs=signs.read(facts[looking.ticket.id]),
        reporters=await _reporters(looking),
        reveals=await _reveals(looking) if _supervises(looking.agent) else (),
        cannot_reveal=_cannot(looking, Whose.OWNER),
        cannot_reveal_reporter=_cannot(looking, Whose.REPORTER),
    )


def _cannot(looking: Looking, whose: Whose) -> str | None:
    return refusal_of(lambda: revealing.require_may_reveal(looking.ticket, whose, by=looking.agent))


def _supervises(agent: Agent) -> bool:
    return agent.role is Role.AUDITOR or agent.level >= SUPERVISES


async def _reporters(looking: Looking) -> tuple[ReporterSeen, ...]:
    """Each once, in the order in which they reported."""
    ids = list(dict.fromkeys(report.contact_id for report in looking.reports))
    found = looking.reporters
    beside = await load.second_addresses(looking.db, looking.wallet.id, ids)
    sealed = [value for one in found for value in (one.name, one.address)]
    sealed += [one.address for one in beside.values()]
    opener = await Opener.for_values(looking.db, looking.house.keys, sealed)
    seen = {one.id: _reporter(one, beside.get(one.id), opener) for one in found}
    return tuple(seen[one] for one in ids if one in seen)


def _reporter(one: Contact, second: PersonAddress | None, opener: Opener) -> ReporterSeen:
    clear = opener.text(Place("contacts", "address", one.id), one.address)
    return ReporterSeen(
        contact_id=one.id,
        name=opener.text(Place("contacts", "name", one.id), one.name),
        kind=one.address_kind,
        masked=masked(one.address_kind, clear) if clear else "",
        second=_second(second, opener) if second is not None else None,
    )


def _second(one: PersonAddress, opener: Opener) -> SecondSeen | None:
    clear = opener.text(Place("person_addresses", "address", one.id), one.address)
    if not clear:
        return None
    return SecondSeen(
        address_id=one.id,
        kind=one.kind,
        masked=masked(one.kind, clear),
        proved_at=one.proved_at,
    )


async def _reveals(looking: Looking) -> tuple[RevealSeen, ...]:
    stored = await load.reveals_on(looking.db, looking.wallet.id, looking.ticket.id)
    if not stored:
        return ()
    opener = await Opener.for_values(looking.db, looking.house.keys, [one.words for one in stored])
    names = await agents.names_of(looking.db, looking.house, [one.revealed_by for one in stored])
    return tuple(_seen(one, names.get(one.revealed_by, ""), opener) for one in stored)


def _seen(one: Reveal, by: str, opener: Opener) -> RevealSeen:
    return RevealSeen(
        by=by,
        whose=one.whose,
        reason=one.reason,
        words=opener.text(words_place(one.id), one.words),
        at=one.revealed_at,
    )
