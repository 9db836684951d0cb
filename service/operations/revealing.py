"""An address in clear for one agent: with a reason, a quota and a record; never in bulk."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from domain import revealing
from domain.accounts import AddressKind
from domain.ids import AddressId, ContactId, RevealId, TicketId
from domain.limits import REVEALS_A_DAY, REVEALS_AN_HOUR
from domain.refusals import NotFound
from domain.revealing import Reveal, RevealReason, Whose
from domain.wallets import THE_INSTALLATION
from service.operations import limits
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import keep

_LONGEST_WORDS: Final = 200
# Where a reporter's two addresses are stored.
_ENROLLED: Final = "contacts"
_SECOND: Final = "person_addresses"


class Asked(Struct, frozen=True, kw_only=True):
    """Whose address the agent wants to see, and why."""

    whose: Whose
    # Of the owner's address on file; of the contact whose enrolled address it is, or of that
    # contact's second address.
    address_id: UUID
    reason: RevealReason
    # Only where the reason is none of the list.
    words: str = ""


class Shown(Struct, frozen=True, kw_only=True):
    """The address in clear; it is told this once."""

    address: str
    kind: AddressKind
    # Whom it belongs to: the owner, or the contact as the owner calls them.
    name: str
    # Somebody else may hold the phone that it rings on.
    danger: bool
    reference: str
    time_zone: str
    now: datetime


async def reveal(
    house: House, ticket_id: TicketId, asked: Asked, *, by: SignedIn, key: str
) -> Shown:
    """Show it, write down that it was shown, and count it, together or not at all.

    `key` makes a button that is pressed twice one reveal. Raises NotFound for an address that is
    none of this ticket's, TooMany with the instant from when again, LevelTooLow, TicketClosed,
    WordsMissing, KeyReused.
    """
    async with at_work(house, ticket_id, by) as work:
        revealing.require_may_reveal(work.ticket, asked.whose, by=by.agent)
        kind, address, name = await _open(house, work, asked)
        wallet = await load.wallet(work.db, work.wallet_id)
        wallet_key = await find_key(work.db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=work.wallet_id,
            caller=str(by.agent.id),
            route=f"console/reveals/{ticket_id}",
            key=key,
            body=f"{asked.whose}|{asked.address_id}".encode(),
        )
        if await replay(work.db, wallet_key, request) is None:
            kept = await _reveal(house, work, asked, by)
            await remember(work.db, wallet_key, request, str(kept.id))
        return Shown(
            address=address,
            kind=kind,
            name=name,
            danger=work.ticket.danger,
            reference=work.ticket.reference,
            time_zone=wallet.time_zone,
            now=work.now,
        )


async def _reveal(house: House, work: AtWork, asked: Asked, by: SignedIn) -> Reveal:
    reveal_id = RevealId(new_id())
    wanted = Reveal(
        id=reveal_id,
        wallet_id=work.wallet_id,
        account_id=work.account.id,
        ticket_id=work.ticket.id,
        whose=asked.whose,
        address_id=asked.address_id,
        revealed_by=by.agent.id,
        reason=asked.reason,
        words=await _sealed(house, work, reveal_id, asked),
        revealed_at=work.now,
    )
    change = revealing.reveal(wanted, ticket=work.ticket, by=by.agent)
    for limit in (REVEALS_AN_HOUR, REVEALS_A_DAY):
        # Agents belong to no one wallet: whatever they are shown counts together.
        of = limits.subject_of(house.keys, THE_INSTALLATION, limit, by.agent.id.bytes)
        await limits.require(work.db, of, limit.rate)
    return await keep(work.db, work.wallet_id, None, change, by=by.actor)


def words_place(reveal_id: RevealId) -> Place:
    return Place("reveals", "words", reveal_id)


async def _open(house: House, work: AtWork, asked: Asked) -> tuple[AddressKind, str, str]:
    """Kind, address and name. NotFound for whatever is not on this ticket, or erased."""
    if asked.whose is Whose.OWNER:
        return await _of_owner(house, work, asked.address_id)
    return await _of_reporter(house, work, asked.address_id)


async def _of_owner(house: House, work: AtWork, address_id: UUID) -> tuple[AddressKind, str, str]:
    on_file = await load.addresses_of(work.db, work.wallet_id, work.account.id)
    one = next((one for one in on_file if one.id == address_id), None)
    if one is None:
        raise NotFound
    account = work.account
    opener = await Opener.for_values(work.db, house.keys, (one.address, account.display_name))
    name = opener.text(Place("accounts", "display_name", account.id), account.display_name)
    clear = opener.open(Place("account_addresses", "address", one.id), one.address)
    return one.kind, _there(clear), name


async def _of_reporter(
    house: House, work: AtWork, address_id: UUID
) -> tuple[AddressKind, str, str]:
    """The enrolled one goes by the contact's own id, their second by its own."""
    reports = await load.reports_of(work.db, work.wallet_id, work.ticket.id)
    reporters = {report.contact_id for report in reports}
    beside = await load.second_addresses(work.db, work.wallet_id, reporters)
    by_second = {second.id: whose for whose, second in beside.items()}
    contact_id = by_second.get(AddressId(address_id), ContactId(address_id))
    if contact_id not in reporters:
        raise NotFound
    contact = await load.contact(work.db, work.wallet_id, contact_id)
    kind, place, sealed = contact.address_kind, _ENROLLED, contact.address
    if contact_id != address_id:
        second = beside[contact_id]
        kind, place, sealed = second.kind, _SECOND, second.address
    opener = await Opener.for_values(work.db, house.keys, (sealed, contact.name))
    name = opener.text(Place("contacts", "name", contact.id), contact.name)
    return kind, _there(opener.open(Place(place, "address", address_id), sealed)), name


def _there(clear: str | None) -> str:
    if not clear:
        raise NotFound
    return clear


async def _sealed(house: House, work: AtWork, reveal_id: RevealId, asked: Asked) -> bytes | None:
    words = plain_text(asked.words, longest=_LONGEST_WORDS)
    if asked.reason is not RevealReason.OTHER or not words:
        return None
    return (await owner_key(work.db, house, work.account)).seal(words_place(reveal_id), words)
