"""What agents establish on a ticket: a line that the carrier replaced, and the checklist."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from domain import accounts, tickets
from domain.accounts import Account
from domain.events import Actor
from domain.ids import AddressId, CheckId, DeviceId, ProofId, TicketId
from domain.refusals import NotFound
from domain.tickets import Check, CheckAnswer, CheckKind, Item, Proof, ProofKind
from service.operations import evidence_on_file, freezing
from service.operations.addresses import plain_text
from service.operations.agents import SignedIn
from service.operations.at_work import AtWork, at_work
from service.operations.disputes import owner_key
from service.operations.evidence_on_file import Evidence
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import keep, put


class ReplacedLine(Struct, frozen=True, kw_only=True):
    """What the carrier confirms."""

    # The number on file.
    address_id: AddressId
    # Without a zone: as a clock on the wall shows it where the wallet is.
    replaced_at: datetime
    # Under which the carrier finds it again.
    reference: str


class Answers(Struct, frozen=True, kw_only=True):
    """What an agent has looked at, and what the verified owner said of each device."""

    # Up to when the page that they answered on knew what had happened.
    looked_at: datetime
    changes: bool = False
    tries: bool = False
    devices: Mapping[DeviceId, CheckAnswer] = {}


async def record_line(
    house: House, ticket_id: TicketId, line: ReplacedLine, *, by: SignedIn, key: str
) -> None:
    """Write down that the owner's number has a new SIM. It voids a proposal that waits.

    With the page's `key`, a button pressed twice is one proof. Raises AddressDoesNotCount,
    LineTooFresh, LineReplacedBefore; NotFound for another's number.
    """
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        wallet_key = await find_key(work.db, house.keys, wallet.data_key_id)
        request = Request(
            wallet_id=work.wallet_id,
            caller=str(by.agent.id),
            route=f"console/line/{ticket_id}",
            key=key,
            body=f"{line.address_id}|{line.replaced_at}|{line.reference}".encode(),
        )
        if await replay(work.db, wallet_key, request) is not None:
            return
        evidence = await evidence_on_file.read(work.db, wallet, work.account, work.ticket)
        address = next((one for one in evidence.addresses if one.id == line.address_id), None)
        if address is None:
            raise NotFound
        at = line.replaced_at
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(wallet.time_zone))
        proof = await _new_line(work, house, replace(line, replaced_at=at), by=by)
        change = tickets.record_line(
            work.ticket,
            proof,
            address=address,
            on=evidence.grounds(work.now),
            by=by.agent,
            now=work.now,
        )
        await freezing.void_proposal(work.db, work.ticket, by=by.actor, now=work.now)
        await put(work.db, None, proof)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)
        await remember(work.db, wallet_key, request, str(proof.id))


async def fill_in(house: House, ticket_id: TicketId, answers: Answers, *, by: SignedIn) -> None:
    """All items of the checklist at once; what was answered the same before stays as it is.

    An answer that changes voids a proposal that waits. Raises OwnerNotVerified for devices, and
    NotFound for those of somebody else.
    """
    async with at_work(house, ticket_id, by) as work:
        wallet = await load.wallet(work.db, work.wallet_id)
        evidence = await evidence_on_file.read(work.db, wallet, work.account, work.ticket)
        given = _given(work, evidence, answers, by=by)
        change = tickets.answer_checklist(
            work.ticket,
            tuple(after for _, after in given),
            items=evidence.items,
            by=by.agent,
            now=work.now,
        )
        if not change.events:
            return
        await freezing.void_proposal(work.db, work.ticket, by=by.actor, now=work.now)
        for before, after in given:
            await put(work.db, before, after)
        await keep(work.db, work.wallet_id, work.ticket, change, by=by.actor)


async def devices_in_hand(work: AtWork) -> frozenset[UUID]:
    """Of which the verified owner said that they have them again."""
    checks = await load.checks_of(work.db, work.wallet_id, work.ticket.id)
    return frozenset(one.about for one in checks if one.answer is CheckAnswer.IN_HAND)


async def give_back_devices(work: AtWork, released: Account, *, by: Actor) -> None:
    """After a release, those in hand; all others stay barred until the owner has them again."""
    in_hand = await devices_in_hand(work)
    for device in await load.devices_of(work.db, work.wallet_id, work.account.id):
        if device.id in in_hand:
            cleared = accounts.clear_device(device, released, now=work.now)
            await keep(work.db, work.wallet_id, device, cleared, by=by)


async def _new_line(work: AtWork, house: House, line: ReplacedLine, *, by: SignedIn) -> Proof:
    proof_id = ProofId(new_id())
    key = await owner_key(work.db, house, work.account)
    text = plain_text(line.reference, longest=200)
    return Proof(
        id=proof_id,
        wallet_id=work.wallet_id,
        ticket_id=work.ticket.id,
        kind=ProofKind.REPLACED_LINE,
        performed_at=line.replaced_at,
        recorded_by=by.agent.id,
        recorded_at=work.now,
        source=key.seal(Place("proofs", "source", proof_id), text),
        address_id=line.address_id,
    )


def _given(
    work: AtWork, evidence: Evidence, answers: Answers, *, by: SignedIn
) -> tuple[tuple[Check | None, Check], ...]:
    """Each answer that says something new, with the one before it."""
    # A page that claims to come from the future has seen no more than there is.
    looked_at = min(answers.looked_at, work.now)
    policy = evidence.wallet.policy.tickets
    found: list[tuple[Check | None, Check]] = []
    for item, answer in _answered(work.ticket.id, answers):
        before = tickets.find_check(item, evidence.checks)
        known = next(
            (one for one in evidence.items if (one.kind, one.about) == (item.kind, item.about)),
            item,
        )
        if (
            before is not None
            and before.answer is answer
            and tickets.is_answered(known, evidence.checks, policy)
        ):
            continue
        after = Check(
            id=before.id if before is not None else CheckId(new_id()),
            wallet_id=work.wallet_id,
            ticket_id=work.ticket.id,
            kind=item.kind,
            about=item.about,
            answer=answer,
            looked_at=looked_at,
            answered_by=by.agent.id,
            answered_at=work.now,
        )
        if before is not None:
            after = replace(after, row_version=before.row_version)
        found.append((before, after))
    return tuple(found)


def _answered(ticket_id: TicketId, answers: Answers) -> tuple[tuple[Item, CheckAnswer], ...]:
    found: list[tuple[Item, CheckAnswer]] = []
    if answers.changes:
        found.append((Item(kind=CheckKind.CHANGES, about=ticket_id), CheckAnswer.REVIEWED))
    if answers.tries:
        found.append((Item(kind=CheckKind.TRIES, about=ticket_id), CheckAnswer.REVIEWED))
    found += [
        (Item(kind=CheckKind.DEVICE, about=device_id), answer)
        for device_id, answer in answers.devices.items()
    ]
    return tuple(found)
