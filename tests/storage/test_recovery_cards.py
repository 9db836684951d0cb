"""The printed card: each code freezes once, from anywhere, and whoever guesses learns nothing."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Iterable
from datetime import timedelta
from itertools import count

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import event, func, select

from domain.accounts import Account
from domain.events import ActorKind
from domain.refusals import PageExpired, StrongSignInNeeded, TooMany
from domain.tickets import ProofKind, Stage
from domain.wallets import Wallet
from service.operations import desk, recovery_cards, timeline
from service.operations.house import House
from service.storage import load
from service.storage.tables import proofs, recovery_tries
from service.storage.values import BrowserSession
from tests import people as cast
from tests.fault.power_cuts import power_cut_at, what_is_stored
from tests.helpless import (
    NOBODYS_MAIL,
    OLGAS_MAIL,
    a_card,
    asks_for_help,
    the_ticket,
)

pytestmark = pytest.mark.anyio
WRONG = "0000-0000-0000-0000"


class Scene(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet
    account: Account
    pages: BrowserSession

    async def is_frozen(self) -> bool:
        return (await cast.the_account(self.house, self.wallet, self.account.id)).is_frozen


@pytest.fixture
async def scene(house: House) -> Scene:
    wallet = await cast.a_wallet(house)
    account = await cast.olga(house, wallet)
    phone = await cast.a_session(house, wallet, "phone-token")
    pages = await cast.at_her_pages(house, wallet, phone)
    return Scene(house=house, wallet=wallet, account=account, pages=pages)


async def test_a_card_has_ten_codes_and_none_of_them_is_stored(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    assert len(set(codes)) == 10
    stored = repr(await what_is_stored(scene.house))
    assert [code for code in codes if code in stored or code[5:] in stored] == []
    seen = await recovery_cards.see_card(scene.house, scene.wallet, scene.pages)
    assert (seen.left, seen.codes) == (10, 10)
    async with scene.house.engine.connect() as db:
        stored_codes = await load.recovery_codes_of(db, scene.wallet.id, scene.account.id)
    assert all(one.code_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$") for one in stored_codes)


async def test_a_card_takes_a_recent_strong_sign_in(scene: Scene) -> None:
    only_looking = replace(scene.pages, may_manage=False)

    with pytest.raises(StrongSignInNeeded):
        await recovery_cards.make_card(scene.house, scene.wallet, only_looking, key="card")

    seen = await recovery_cards.see_card(scene.house, scene.wallet, only_looking)
    assert seen.made_at is None


async def test_the_same_form_makes_one_card_and_tells_it_once(scene: Scene) -> None:
    first = await a_card(scene.house, scene.wallet, scene.pages)

    again = await recovery_cards.make_card(scene.house, scene.wallet, scene.pages, key="card")

    assert again is None
    await asks_for_help(scene.house, scene.wallet, first[3])
    assert await scene.is_frozen()


async def test_a_code_freezes_at_once_and_is_a_proof_on_the_ticket(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    await asks_for_help(scene.house, scene.wallet, codes[0])

    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    assert (account.is_frozen, account.version, account.epoch) == (True, 1, 1)
    ticket = await the_ticket(scene.house, scene.wallet, account.id)
    assert not ticket.unconfirmed
    async with scene.house.engine.connect() as db:
        (proof,) = await load.proofs_of(db, scene.wallet.id, ticket.id)
        entries = await timeline.entries_of(db, ticket)
    assert (proof.kind, proof.recorded_by) == (ProofKind.RECOVERY_CARD, None)
    assert [entry.event for entry in entries] == [
        "ticket-opened",
        "account-frozen",
        "recovery-code-used",
        "proof-recorded",
    ]
    assert {(entry.by.kind, entry.by.id) for entry in entries} == {(ActorKind.OWNER, account.id)}
    assert entries[2].what["left"] == 9
    # The page it was made on died with everything else.
    with pytest.raises(PageExpired):
        await recovery_cards.see_card(scene.house, scene.wallet, scene.pages)
    astrid = await cast.an_agent(scene.house, scene.wallet, "astrid", 2)
    assert await desk.find_ticket(scene.house, ticket.reference, astrid) == ticket.id


async def test_each_code_works_once_and_the_next_one_works_too(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)
    await asks_for_help(scene.house, scene.wallet, codes[0])
    await cast.released(scene.house, scene.wallet)

    await asks_for_help(scene.house, scene.wallet, codes[0])
    assert not await scene.is_frozen()
    await asks_for_help(scene.house, scene.wallet, codes[1])

    assert await scene.is_frozen()


async def test_a_code_typed_badly_but_readably_works(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    await asks_for_help(scene.house, scene.wallet, codes[0].lower().replace("-", " "))

    assert await scene.is_frozen()


async def test_a_new_card_ends_the_old_one(scene: Scene) -> None:
    old = await a_card(scene.house, scene.wallet, scene.pages)
    new = await a_card(scene.house, scene.wallet, scene.pages, key="another")

    await asks_for_help(scene.house, scene.wallet, old[0])
    assert not await scene.is_frozen()
    await asks_for_help(scene.house, scene.wallet, new[0])

    assert await scene.is_frozen()


async def test_a_code_whose_card_was_replaced_after_the_look_up_is_worth_nothing(
    scene: Scene,
) -> None:
    await a_card(scene.house, scene.wallet, scene.pages)
    async with scene.house.engine.connect() as db:
        found = (await load.recovery_codes_of(db, scene.wallet.id, scene.account.id))[0]
    await a_card(scene.house, scene.wallet, scene.pages, key="another")

    assert not await recovery_cards.use_code(scene.house, scene.wallet, found)

    assert not await scene.is_frozen()


async def test_a_code_of_another_owner_or_wallet_opens_nothing(scene: Scene) -> None:
    house, wallet = scene.house, scene.wallet
    codes = await a_card(house, wallet, scene.pages)
    await cast.olga(house, wallet, "bruno-1")
    rio = await cast.a_wallet(
        house, replace(cast.NORTE, origin="http://rio.localhost:8000", name="Rio")
    )
    await cast.olga(house, rio)

    await asks_for_help(house, wallet, codes[0], address="bruno-1@correo.example")
    await asks_for_help(house, rio, codes[0])

    assert not await scene.is_frozen()
    await asks_for_help(house, wallet, codes[0])
    assert await scene.is_frozen()


async def test_the_same_code_ten_times_at_once_freezes_once(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    await asyncio.gather(
        *(
            asks_for_help(scene.house, scene.wallet, codes[0], browser=f"tab {number}")
            for number in range(10)
        )
    )

    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    assert account.version == 1
    async with scene.house.engine.connect() as db:
        assert await db.scalar(select(func.count()).select_from(proofs)) == 1


async def test_a_code_on_a_frozen_account_joins_and_voids_what_was_proposed(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)
    await asks_for_help(scene.house, scene.wallet, codes[0])
    ticket = await the_ticket(scene.house, scene.wallet, scene.account.id)

    await asks_for_help(scene.house, scene.wallet, codes[1])

    joined = await the_ticket(scene.house, scene.wallet, scene.account.id)
    assert joined.boost == ticket.boost + 1
    assert joined.evidence_version == ticket.evidence_version + 1
    assert joined.stage is Stage.OPENED
    account = await cast.the_account(scene.house, scene.wallet, scene.account.id)
    assert account.version == 1


async def at_once(acts: Iterable[Awaitable[None]]) -> list[BaseException | None]:
    """As many at the same time as the database has connections for."""
    some = asyncio.Semaphore(30)

    async def one(act: Awaitable[None]) -> None:
        async with some:
            await act

    return await asyncio.gather(*(one(act) for act in acts), return_exceptions=True)


async def test_a_hundred_guesses_from_one_browser_are_ten(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    told = await at_once(asks_for_help(scene.house, scene.wallet, WRONG) for _ in range(100))

    assert Counter(type(one) for one in told) == {type(None): 10, TooMany: 90}
    with pytest.raises(TooMany) as waits:
        await asks_for_help(scene.house, scene.wallet, codes[0])
    assert not await scene.is_frozen()
    # Another browser is another person, and this one may again once the hour is over.
    await cast.move_clock(scene.house, waits.value.retry_at - await cast.now(scene.house))
    await asks_for_help(scene.house, scene.wallet, codes[0])
    assert await scene.is_frozen()


async def test_a_hundred_guesses_from_a_hundred_browsers_are_fifty(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)

    await at_once(
        asks_for_help(scene.house, scene.wallet, WRONG, browser=f"browser {number}")
        for number in range(100)
    )

    async with scene.house.engine.connect() as db:
        tries = (await db.scalars(select(recovery_tries.c.tries))).all()
    assert Counter(tries) == {1: 100, 50: 1}
    # The right one now is one guess too many; what was left with it reaches the desk.
    await asks_for_help(scene.house, scene.wallet, codes[0], number="+54 11 1", browser="Olga")
    assert not await scene.is_frozen()
    await cast.move_clock(scene.house, timedelta(hours=1))
    await asks_for_help(scene.house, scene.wallet, codes[0], browser="Olga")
    assert await scene.is_frozen()


async def test_known_and_unknown_addresses_cost_the_same_statements_and_rows(
    scene: Scene,
) -> None:
    """No card, a card, no such address: whoever asks cannot tell them apart."""
    house, wallet = scene.house, scene.wallet
    await cast.olga(house, wallet, "bruno-1")
    await a_card(house, wallet, scene.pages)
    addresses = (OLGAS_MAIL, "bruno-1@correo.example", NOBODYS_MAIL)

    seen = {address: await _cost(house, wallet, address) for address in addresses}

    first, *others = seen.values()
    assert [one.statements for one in others] == [first.statements] * 2
    assert [one.rows for one in others] == [first.rows] * 2


class Cost(Struct, frozen=True, kw_only=True):
    statements: tuple[str, ...]
    rows: dict[str, int]


async def _cost(house: House, wallet: Wallet, address: str) -> Cost:
    statements: list[str] = []

    def note(*seen: object) -> None:
        statements.append(str(seen[2]))

    def note_commit(*_: object) -> None:
        statements.append("COMMIT")

    before = {name: len(rows) for name, rows in (await what_is_stored(house)).items()}
    event.listen(house.engine.sync_engine, "before_cursor_execute", note)
    event.listen(house.engine.sync_engine, "commit", note_commit)
    try:
        await asks_for_help(
            house, wallet, WRONG, address=address, number="+54 11 4321-1234", browser=address
        )
    finally:
        event.remove(house.engine.sync_engine, "before_cursor_execute", note)
        event.remove(house.engine.sync_engine, "commit", note_commit)
    told = tuple(statements)
    after = {name: len(rows) for name, rows in (await what_is_stored(house)).items()}
    return Cost(
        statements=told,
        rows={name: after[name] - before[name] for name in after},
    )


async def test_using_a_code_happens_wholly_or_not_at_all(scene: Scene) -> None:
    codes = await a_card(scene.house, scene.wallet, scene.pages)
    async with scene.house.engine.connect() as db:
        stored = await load.recovery_codes_of(db, scene.wallet.id, scene.account.id)
    before = await what_is_stored(scene.house)

    for step in count(1):
        with power_cut_at(scene.house.engine, step) as cut:
            assert await recovery_cards.use_code(scene.house, scene.wallet, stored[0])
        if not cut.happened:
            assert cut.statements > 8
            break
        assert await what_is_stored(scene.house) == before, f"half done at statement {step}"

    assert await scene.is_frozen()
    assert codes


async def test_making_a_card_happens_wholly_or_not_at_all(scene: Scene) -> None:
    await a_card(scene.house, scene.wallet, scene.pages)
    before = await what_is_stored(scene.house)

    for step in count(1):
        with power_cut_at(scene.house.engine, step) as cut:
            await recovery_cards.make_card(scene.house, scene.wallet, scene.pages, key="new")
        if not cut.happened:
            break
        assert await what_is_stored(scene.house) == before, f"half done at statement {step}"

    assert await what_is_stored(scene.house) != before
