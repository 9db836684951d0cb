"""Proofs as they really come about, and a checklist that somebody has gone through."""

from datetime import timedelta

from sqlalchemy import select

from domain.accounts import Account, AccountAddress, AddressKind
from domain.events import Actor, ActorKind
from domain.ids import RecoveryCodeId, TicketId, WalletId
from domain.recovery import RecoveryCode
from domain.tickets import CheckAnswer, ProofKind, Ticket
from domain.wallets import Wallet
from service.operations import evidence, owner_codes, proofs_by_wallet, recovery_cards
from service.operations.agents import SignedIn
from service.operations.evidence import Answers, ReplacedLine
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.owner_codes import Entered, Typed
from service.operations.proofs_by_wallet import ToldProof
from service.security.encryption import Place
from service.security.tokens import new_id, new_token
from service.storage import load
from service.storage.keychain import find_key
from service.storage.rows import put
from service.storage.tables import tickets
from tests import people as cast

THE_WALLET = Actor(ActorKind.WALLET)
OLGAS_BROWSER = "olga's browser"


async def proved(house: House, wallet: Wallet, ticket_id: TicketId, by: SignedIn) -> None:
    """Everything a proposal needs: two proofs of two kinds, and the checklist."""
    ticket, _ = await _worked_on(house, wallet, ticket_id)
    await reproved(house, wallet, ticket_id)
    if ticket.holds_notices:
        # Nothing is written to an owner who may not be alone.
        await card_used(house, wallet, ticket_id)
    else:
        await code_entered(house, wallet, ticket_id, by)
    await looked_through(house, wallet, ticket_id, by)


async def reproved(house: House, wallet: Wallet, ticket_id: TicketId) -> None:
    """The wallet looked at the owner and their document again."""
    _, account = await _worked_on(house, wallet, ticket_id)
    # By a clock that stands still, the freeze may be this very instant.
    since = (account.frozen_at or await cast.now(house)) + timedelta(milliseconds=1)
    told = ToldProof(
        kind=ProofKind.WALLET_REPROOFING,
        level="ial2",
        performed_at=max(since, await cast.now(house)),
        reference=f"KYC-{new_id()}",
    )
    request = Request(
        wallet_id=wallet.id, caller="norte", route="proofs", key=str(new_id()), body=b""
    )
    await proofs_by_wallet.record(
        house, wallet, account.subject, told, by=THE_WALLET, request=request
    )


async def code_entered(house: House, wallet: Wallet, ticket_id: TicketId, by: SignedIn) -> None:
    """An agent asks for it, the owner reads it in their mailbox and types it at `/prove`."""
    async with house.engine.connect() as db:
        earlier = await load.last_owner_code(db, wallet.id, ticket_id)
    if earlier is not None:
        # Another one is not sent at once.
        await cast.move_clock(house, timedelta(minutes=1))
    mailbox = await the_address(house, wallet, ticket_id, AddressKind.EMAIL)
    await owner_codes.ask(house, ticket_id, mailbox.id, by=by)
    typed = await what_olga_types(house, wallet, ticket_id)
    assert await owner_codes.enter(house, wallet, typed) is Entered.PROVED


async def card_used(
    house: House,
    wallet: Wallet,
    ticket_id: TicketId,
    *,
    made_before: timedelta = timedelta(days=30),
) -> None:
    """A code of the card that was printed that long before the ticket was opened: at set-up."""
    code = await a_code_of_a_card(house, wallet, ticket_id, made_before=made_before)
    assert await recovery_cards.use_code(house, wallet, code)


async def a_code_of_a_card(
    house: House, wallet: Wallet, ticket_id: TicketId, *, made_before: timedelta
) -> RecoveryCode:
    """Printed, and not typed yet."""
    ticket, account = await _worked_on(house, wallet, ticket_id)
    made_at = ticket.opened_at - made_before
    code = RecoveryCode(
        id=RecoveryCodeId(new_id()),
        wallet_id=wallet.id,
        account_id=account.id,
        mark=new_token()[:8],
        code_hash="compared before",
        made_at=made_at,
    )
    async with house.engine.begin() as db:
        return await put(db, None, code)


async def looked_through(
    house: House,
    wallet: Wallet,
    ticket_id: TicketId,
    by: SignedIn,
    answer: CheckAnswer = CheckAnswer.NOT_BACK,
) -> None:
    """The checklist, with the same answer for every device."""
    ticket, account = await _worked_on(house, wallet, ticket_id)
    async with house.engine.connect() as db:
        devices = await load.devices_of(db, wallet.id, account.id)
    barred = [one for one in devices if one.epoch < account.epoch]
    verified = ticket.owner_is_verified
    answers = Answers(
        looked_at=await cast.now(house),
        changes=True,
        tries=True,
        devices={one.id: answer for one in barred} if verified else {},
    )
    await evidence.fill_in(house, ticket_id, answers, by=by)


async def comes_about(house: House, ticket_id: TicketId, kind: ProofKind, by: SignedIn) -> None:
    """One proof of this kind, if nothing is against it. Raises what it is refused with."""
    wallet = await _wallet_of(house, ticket_id)
    match kind:
        case ProofKind.WALLET_REPROOFING:
            await reproved(house, wallet, ticket_id)
        case ProofKind.RECOVERY_CARD:
            await card_used(house, wallet, ticket_id)
        case ProofKind.OWNER_CODE:
            mailbox = await the_address(house, wallet, ticket_id, AddressKind.EMAIL)
            await owner_codes.ask(house, ticket_id, mailbox.id, by=by)
            typed = await what_olga_types(house, wallet, ticket_id)
            await owner_codes.enter(house, wallet, typed)
        case ProofKind.REPLACED_LINE:
            number = await the_address(house, wallet, ticket_id, AddressKind.PHONE)
            line = ReplacedLine(
                address_id=number.id, replaced_at=await cast.now(house), reference="claro 7"
            )
            await evidence.record_line(house, ticket_id, line, by=by, key=str(new_id()))


async def looks_through(house: House, ticket_id: TicketId, by: SignedIn) -> None:
    """The checklist, wherever the ticket is."""
    await looked_through(house, await _wallet_of(house, ticket_id), ticket_id, by)


async def what_olga_types(
    house: House, wallet: Wallet, ticket_id: TicketId, *, browser: str = OLGAS_BROWSER
) -> Typed:
    """The key that the agent reads out, and the code in her mailbox."""
    async with house.engine.connect() as db:
        asked = await load.last_owner_code(db, wallet.id, ticket_id)
        assert asked is not None
        key = await find_key(db, house.keys, wallet.data_key_id)
        read_out = key.open(Place("owner_codes", "key", asked.id), asked.key)
    code = await cast.told_secret(house, wallet, "owner-code-asked")
    return Typed(key=read_out, code=code, browser=browser, network="192.0.2.0/24")


async def the_address(
    house: House, wallet: Wallet, ticket_id: TicketId, kind: AddressKind
) -> AccountAddress:
    """The first of this kind on file."""
    _, account = await _worked_on(house, wallet, ticket_id)
    async with house.engine.connect() as db:
        stored = await load.addresses_of(db, wallet.id, account.id)
    return next(one for one in stored if one.kind is kind)


async def _wallet_of(house: House, ticket_id: TicketId) -> Wallet:
    async with house.engine.connect() as db:
        found = await db.scalar(select(tickets.c.wallet_id).where(tickets.c.id == ticket_id))
        assert found is not None
        return await load.wallet(db, WalletId(found))


async def _worked_on(house: House, wallet: Wallet, ticket_id: TicketId) -> tuple[Ticket, Account]:
    async with house.engine.connect() as db:
        ticket = await load.ticket(db, wallet.id, ticket_id)
        return ticket, await load.account(db, wallet.id, ticket.account_id)
