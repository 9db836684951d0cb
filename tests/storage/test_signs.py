"""Signs as they are read from the rows: each with both sides of what makes it one."""

from datetime import timedelta
from hashlib import sha256
from typing import Any, Final

import pytest
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import update

from domain import signs
from domain.accounts import Account, AddressKind
from domain.contacts import Contact
from domain.ids import TicketId
from domain.refusals import AccountIsFrozen
from domain.reports import LossKind
from domain.signs import Sign, SignKind, TryWay
from domain.wallets import Wallet
from service.operations import desk, filing, people, refused_tries, reports, visits
from service.operations.house import House
from service.operations.people import NewContact
from service.operations.visits import Draft
from service.security.networks import network_hash
from service.storage import load
from service.storage.tables import account_addresses, accounts, contacts, loss_reports
from service.storage.values import BrowserSession
from tests import people as cast
from tests.fault.power_cuts import power_cut_at

pytestmark = pytest.mark.anyio
A_MOMENT: Final = timedelta(minutes=1)
A_DAY: Final = timedelta(days=1)
# Of two visitors: the address of one network, and of another.
HOME: Final = "198.51.100.0/24"
ELSEWHERE: Final = "203.0.113.0/24"


class Owner(Struct, frozen=True, kw_only=True):
    """An owner at their pages, and the contact who may report for them."""

    account: Account
    pages: BrowserSession
    contact: Contact
    link: str


class Street(Struct, frozen=True, kw_only=True):
    house: House
    wallet: Wallet

    async def owner(self, subject: str, contact: str) -> Owner:
        """With a contact of that name, who has one address over all owners."""
        account = await cast.olga(self.house, self.wallet, subject)
        phone = await cast.a_session(
            self.house, self.wallet, f"phone of {subject}", subject=subject
        )
        pages = await cast.at_her_pages(self.house, self.wallet, phone, subject)
        known, link = await cast.a_contact(self.house, self.wallet, pages, contact)
        await self.later(timedelta(hours=2))
        return Owner(account=account, pages=pages, contact=known, link=link)

    async def report(self, owner: Owner, network: str | None = None) -> TicketId:
        visit = await cast.a_verified_visit(self.house, self.wallet, owner.link)
        draft = Draft(contact_id=owner.contact.id, kind=LossKind.STOLEN)
        await reports.save(self.house, self.wallet, visit, draft)
        visit = await visits.current(self.house, visit)
        filed = await filing.file_report(
            self.house, self.wallet, visit, key="button", network=network
        )
        return filed.ticket_id

    async def later(self, by: timedelta) -> None:
        await cast.move_clock(self.house, by)

    async def signs(self, ticket_id: TicketId) -> dict[SignKind, Sign]:
        """As the page of the ticket shows them; the queue counts as many."""
        async with self.house.engine.connect() as db:
            facts = await load.sign_facts(db, (ticket_id,))
            counts = await load.sign_counts(db, (ticket_id,))
        found = {sign.kind: sign for sign in signs.read(facts[ticket_id])}
        assert counts == {ticket_id: len(found)}
        return found

    async def set(self, table: Any, row: Any, **values: Any) -> None:
        async with self.house.engine.begin() as db:
            await db.execute(update(table).where(table.c.id == row.id).values(**values))


@pytest.fixture
async def street(house: House) -> Street:
    return Street(house=house, wallet=await cast.a_wallet(house))


@pytest.fixture
async def olga(street: Street) -> Owner:
    return await street.owner(cast.OLGA, "Carl")


async def _long_ago(street: Street, owner: Owner) -> None:
    """Everything about the owner's people lies further back than any sign looks."""
    before = owner.contact.invited_at - timedelta(days=60)
    await street.set(contacts, owner.contact, invited_at=before, accepted_at=before)


async def test_a_ticket_on_which_nothing_stands_out_shows_none(street: Street, olga: Owner) -> None:
    await _long_ago(street, olga)

    assert await street.signs(await street.report(olga)) == {}


async def test_tries_since_the_freeze_say_how_many_when_and_from_where(
    street: Street, olga: Owner
) -> None:
    await _long_ago(street, olga)
    ticket_id = await street.report(olga)
    account = await cast.the_account(street.house, street.wallet, olga.account.id)
    for way in (TryWay.SESSION, TryWay.SESSION, TryWay.TOKEN, TryWay.HINT):
        refused_tries.note(street.house, account, way, named=way is TryWay.SESSION)
    await street.later(A_MOMENT)
    await refused_tries.write_down(street.house)
    last = await cast.now(street.house)

    (sign,) = (await street.signs(ticket_id)).values()

    # A hint stands on the ticket itself: whoever leaves one was not turned away.
    assert (sign.kind, sign.times) == (SignKind.TRIES, 3)
    assert sign.ways == (TryWay.SESSION, TryWay.TOKEN)
    assert (sign.from_new_device, sign.from_known_device) == (True, False)
    assert sign.last_at <= last


async def test_a_try_from_a_linked_device_says_so(street: Street, olga: Owner) -> None:
    ticket_id = await street.report(olga)
    with pytest.raises(AccountIsFrozen):
        await cast.a_session(street.house, street.wallet, "again")
    await refused_tries.write_down(street.house)

    sign = (await street.signs(ticket_id))[SignKind.TRIES]

    assert (sign.times, sign.from_new_device, sign.from_known_device) == (1, False, True)


async def test_tries_of_an_earlier_freeze_are_not_of_this_ticket(
    street: Street, olga: Owner
) -> None:
    await street.report(olga)
    account = await cast.the_account(street.house, street.wallet, olga.account.id)
    refused_tries.note(street.house, account, TryWay.SESSION)
    await refused_tries.write_down(street.house)
    await cast.released(street.house, street.wallet)
    await street.later(timedelta(hours=1))

    assert SignKind.TRIES not in await street.signs(await street.report(olga))


async def test_a_contact_changed_within_seven_days_before_the_loss(
    street: Street, olga: Owner
) -> None:
    await street.later(A_DAY)
    ticket_id = await street.report(olga)
    assert (await street.signs(ticket_id))[SignKind.CONTACTS_CHANGED].times == 1

    async with street.house.engine.connect() as db:
        opened_at = (await load.ticket(db, street.wallet.id, ticket_id)).opened_at
    week_ago = opened_at - 7 * A_DAY
    old = {"invited_at": week_ago - A_DAY, "undo_until": None}
    await street.set(contacts, olga.contact, accepted_at=week_ago, **old)
    assert SignKind.CONTACTS_CHANGED in await street.signs(ticket_id)
    a_moment_before = week_ago - timedelta(microseconds=1)
    await street.set(contacts, olga.contact, accepted_at=a_moment_before, **old)
    assert SignKind.CONTACTS_CHANGED not in await street.signs(ticket_id)


async def test_it_counts_from_when_the_loss_was_noticed_not_from_when_it_was_reported(
    street: Street, olga: Owner
) -> None:
    ticket_id = await street.report(olga)
    accepted = olga.contact.accepted_at
    assert accepted is not None
    eight_days_ago = accepted - 8 * A_DAY
    before = {"invited_at": eight_days_ago, "accepted_at": eight_days_ago}
    await street.set(contacts, olga.contact, **before)
    assert SignKind.CONTACTS_CHANGED not in await street.signs(ticket_id)

    async with street.house.engine.begin() as db:
        noticed = accepted - 2 * A_DAY
        await db.execute(update(loss_reports).values(noticed_at=noticed))

    assert SignKind.CONTACTS_CHANGED in await street.signs(ticket_id)


async def test_what_was_done_for_the_owner_s_safety_is_no_sign(street: Street, olga: Owner) -> None:
    await _long_ago(street, olga)
    cleo, _ = await cast.a_contact(street.house, street.wallet, olga.pages, "Cleo")
    await street.set(
        contacts,
        cleo,
        invited_at=cleo.invited_at - timedelta(days=60),
        accepted_at=cleo.invited_at - timedelta(days=60),
        status="removed",
        place=None,
        link_sha256=None,
        removed_for_safety=True,
        ended_at=await cast.now(street.house),
    )
    ticket_id = await street.report(olga)

    assert await street.signs(ticket_id) == {}
    async with street.house.engine.connect() as db:
        last = await load.last_change_at(db, street.wallet.id, olga.account.id)
    assert last == cleo.invited_at - timedelta(days=60)


async def test_an_address_that_came_with_the_account_is_no_change_of_it(
    street: Street, olga: Owner
) -> None:
    ticket_id = await street.report(olga)
    assert SignKind.ADDRESSES_CHANGED not in await street.signs(ticket_id)

    async with street.house.engine.begin() as db:
        mine = account_addresses.c.account_id == olga.account.id
        mine &= account_addresses.c.kind == "phone"
        later = olga.account.created_at + A_MOMENT
        await db.execute(update(account_addresses).where(mine).values(added_at=later))

    sign = (await street.signs(ticket_id))[SignKind.ADDRESSES_CHANGED]
    assert (sign.times, sign.since, sign.last_at) == (1, later, later)


async def test_a_reporter_of_two_owners_within_a_month(street: Street, olga: Owner) -> None:
    first = await street.report(olga)
    assert SignKind.REPORTER_OF_SEVERAL not in await street.signs(first)
    otto = await street.owner("otto-1", "Carl")
    await street.later(timedelta(days=1))

    second = await street.report(otto)

    for ticket_id in (first, second):
        sign = (await street.signs(ticket_id))[SignKind.REPORTER_OF_SEVERAL]
        assert (sign.times, sign.beside) == (2, 2)
    month_ago = (await cast.now(street.house)) - timedelta(days=31)
    async with street.house.engine.begin() as db:
        of_first = loss_reports.c.ticket_id == first
        await db.execute(update(loss_reports).where(of_first).values(filed_at=month_ago))
    assert SignKind.REPORTER_OF_SEVERAL not in await street.signs(second)


async def test_two_reports_on_one_owner_and_which_came_before(street: Street, olga: Owner) -> None:
    first = await street.report(olga)
    assert SignKind.SEVERAL_REPORTS not in await street.signs(first)
    await cast.released(street.house, street.wallet)
    await street.later(timedelta(days=1))

    second = await street.report(olga)

    sign = (await street.signs(second))[SignKind.SEVERAL_REPORTS]
    assert (sign.times, sign.beside) == (2, 1)
    # When the first was open there was none beside it.
    assert SignKind.SEVERAL_REPORTS not in await street.signs(first)


@pytest.mark.parametrize(
    ("network", "apart", "alike"),
    [
        (HOME, timedelta(minutes=50), True),
        (HOME, timedelta(minutes=61), False),
        (ELSEWHERE, timedelta(minutes=50), False),
        (None, timedelta(minutes=50), False),
    ],
)
async def test_reports_on_several_owners_from_one_network_within_an_hour_look_alike(
    street: Street, olga: Owner, network: str | None, apart: timedelta, alike: bool
) -> None:
    otto = await street.owner("otto-1", "Cleo")
    first = await street.report(olga, HOME)
    await street.later(apart)

    second = await street.report(otto, network)

    for ticket_id in (first, second):
        found = await street.signs(ticket_id)
        assert (SignKind.LOOK_ALIKES in found) is alike
        if alike:
            assert found[SignKind.LOOK_ALIKES].times == 2


async def test_reports_by_contacts_of_long_standing_do_not_look_alike(
    street: Street, olga: Owner
) -> None:
    otto = await street.owner("otto-1", "Cleo")
    await _long_ago(street, otto)

    first, second = await street.report(olga, HOME), await street.report(otto, HOME)

    assert SignKind.LOOK_ALIKES not in await street.signs(first)
    assert SignKind.LOOK_ALIKES not in await street.signs(second)


async def test_of_a_network_only_a_keyed_hash_is_stored(street: Street, olga: Owner) -> None:
    ticket_id = await street.report(olga, HOME)

    async with street.house.engine.connect() as db:
        (report,) = await load.reports_of(db, street.wallet.id, ticket_id)
    keys = street.house.keys
    assert report.network == network_hash(keys, street.wallet.id, HOME)
    assert report.network != network_hash(keys, olga.account.wallet_id, ELSEWHERE)
    assert report.network != sha256(HOME.encode()).digest()
    assert network_hash(keys, street.wallet.id, "unknown") is None


async def _carl_owns_an_account(street: Street) -> Owner:
    """Under the address at which he is Olga's contact; Cleo is his."""
    carls = await street.owner("carl-1", "Cleo")
    async with street.house.engine.begin() as db:
        other = contacts.c.account_id != carls.account.id
        index = (await db.execute(contacts.select().where(other))).mappings().one()
        mine = account_addresses.c.account_id == carls.account.id
        mine &= account_addresses.c.kind == "email"
        await db.execute(
            update(account_addresses).where(mine).values(address_index=index["address_index"])
        )
    return carls


async def test_a_reporter_who_is_a_frozen_owner_now(street: Street, olga: Owner) -> None:
    carls = await _carl_owns_an_account(street)
    ticket_id = await street.report(olga)
    assert SignKind.REPORTER_FROZEN not in await street.signs(ticket_id)

    await street.report(carls)

    sign = (await street.signs(ticket_id))[SignKind.REPORTER_FROZEN]
    frozen = await cast.the_account(street.house, street.wallet, carls.account.id)
    assert (sign.times, sign.since) == (1, frozen.frozen_at)
    await street.set(accounts, carls.account, state="active", frozen_at=None)
    assert SignKind.REPORTER_FROZEN not in await street.signs(ticket_id)


async def test_owner_and_reporter_who_named_each_other(street: Street, olga: Owner) -> None:
    carls = await _carl_owns_an_account(street)
    ticket_id = await street.report(olga)
    assert SignKind.MUTUAL not in await street.signs(ticket_id)

    # The owner's own address, at which Carl has named her.
    new = NewContact(name="Olga", kind=AddressKind.EMAIL, address=f"{cast.OLGA}@correo.example")
    phone = await cast.a_session(street.house, street.wallet, "newer phone", subject="carl-1")
    pages = await cast.at_her_pages(street.house, street.wallet, phone, "carl-1")
    named = await people.invite(street.house, street.wallet, pages, new, key="invite")
    assert SignKind.MUTUAL not in await street.signs(ticket_id)
    async with street.house.engine.begin() as db:
        accepted = carls.contact.accepted_at
        this = update(contacts).where(contacts.c.id == named)
        await db.execute(this.values(status="active", accepted_at=accepted))

    sign = (await street.signs(ticket_id))[SignKind.MUTUAL]

    assert (sign.times, sign.since) == (1, accepted)


async def test_a_page_of_tickets_is_counted_in_one_statement(street: Street, olga: Owner) -> None:
    ids = [await street.report(olga)]
    for name in ("Ana", "Bea", "Cleo"):
        friend = await street.owner(f"owner-of-{name}", name)
        ids += [await street.report(friend)]
    with power_cut_at(street.house.engine, 0) as counted:
        async with street.house.engine.connect() as db:
            found = await load.sign_counts(db, ids)
            assert await load.sign_counts(db, ()) == {}

    assert counted.statements == 1
    assert set(found) == set(ids)
    # Each was named lately, and nothing else stands out.
    assert set(found.values()) == {1}


async def test_another_wallet_s_rows_make_no_sign(street: Street, olga: Owner) -> None:
    sur = replace(cast.NORTE, origin="http://sur.localhost:8000", name="Sur", short_name="Sur")
    there = Street(house=street.house, wallet=await cast.a_wallet(street.house, sur))
    othello = await there.owner("othello-1", "Carl")

    theirs = await there.report(othello, HOME)
    ours = await street.report(olga, HOME)

    for ticket_id in (ours, theirs):
        assert set(await street.signs(ticket_id)) == {SignKind.CONTACTS_CHANGED}


async def test_the_ticket_s_page_shows_what_the_queue_counts(street: Street, olga: Owner) -> None:
    ticket_id = await street.report(olga)
    astrid = await cast.an_agent(street.house, street.wallet, "astrid", 1)

    seen = await desk.see_ticket(street.house, ticket_id, astrid)

    assert [sign.kind for sign in seen.signs.signs] == [SignKind.CONTACTS_CHANGED]
