"""What becomes of what agents write: how it arrives, who reads it, when it is gone."""

from datetime import timedelta
from typing import Final

import pytest
from sqlalchemy import select, update

from domain.accounts import AddressKind
from domain.ids import AgentAddressId, ContactId, PersonId
from domain.refusals import AccountIsClosed, CannotTakeTicket, NoWayToWrite, OwnLineNotAllowed
from domain.reports import LossKind, OwnerSafe
from domain.tickets import ContactReply, OwnerReply, TriedWay
from notifications import gsm7
from notifications.channels import Channels, Email, Outcome, Sent, Sms
from notifications.dispatch import dispatch_waiting
from notifications.sending import send_due
from service.operations import (
    composing,
    danger,
    desk,
    desk_messages,
    exports,
    filing,
    handing_over,
    housekeeping,
    notes,
    purging,
    reports,
    unconfirmed,
    visits,
)
from service.operations.agents import SignedIn
from service.operations.house import House
from service.operations.ticket_work import Delivered
from service.operations.visits import Draft
from service.security.tokens import new_id
from service.storage.directory import HouseDirectory
from service.storage.rows import put
from service.storage.tables import (
    account_addresses,
    contacts,
    data_keys,
    persons,
    ticket_messages,
    ticket_notes,
)
from service.storage.tables import tickets as ticket_rows
from service.storage.values import AgentAddress
from tests import people as cast
from tests.desks import Case, a_case

pytestmark = pytest.mark.anyio
LINE: Final = "Llamamos dos veces esta tarde."


class Post:
    """A carrier that takes everything, or nothing."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.taken: list[Email | Sms] = []

    async def send(self, message: Email | Sms, *, key: object) -> Outcome:
        assert key
        if not self.works:
            raise ConnectionError
        self.taken.append(message)
        return Sent(provider_ref="1")


@pytest.fixture
async def case(house: House) -> Case:
    return await a_case(house, await cast.a_wallet(house))


@pytest.fixture
async def astrid(house: House, case: Case) -> SignedIn:
    return await cast.an_agent(house, case.wallet, "astrid", 2)


async def delivered(house: House, post: Post | None) -> None:
    """What a worker does until nothing is due; without a carrier everything is parked."""
    directory = HouseDirectory(house.keys)
    channels = Channels(email=post, sms=post) if post is not None else Channels()
    while await dispatch_waiting(house.engine, directory, limit=100):
        pass
    while await send_due(house.engine, directory, channels, most_at_once=100):
        pass


async def wrote_to_olga(house: House, case: Case, by: SignedIn, *, line: str = "") -> None:
    key = str(new_id())
    reply = OwnerReply.TRYING_TO_REACH
    await desk_messages.write(house, case.ticket_id, None, reply, own_line=line, key=key, by=by)


async def states(house: House, case: Case, by: SignedIn) -> list[Delivered]:
    seen = await desk.see_ticket(house, case.ticket_id, by)
    return [one.delivered for one in seen.work.messages.values()]


async def carl_of(house: House, case: Case, by: SignedIn) -> ContactId:
    people = (await desk.see_ticket(house, case.ticket_id, by)).work.people
    (carl,) = [one.contact_id for one in people if one.reported]
    return carl


# On their way -----------------------------------------------------------------------------------


async def test_a_message_goes_in_the_owners_language_and_the_line_by_email_alone(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await delivered(house, Post())
    await wrote_to_olga(house, case, astrid, line=LINE)
    assert await states(house, case, astrid) == [Delivered.QUEUED]
    post = Post()

    await delivered(house, post)

    assert await states(house, case, astrid) == [Delivered.SENT]
    (email,) = [one for one in post.taken if isinstance(one, Email)]
    (sms,) = [one for one in post.taken if isinstance(one, Sms)]
    assert "Necesitamos comunicarnos contigo" in email.text
    assert f"Una persona de Norte agrega: «{LINE}»" in email.text
    assert LINE not in sms.text
    for text in (email.text, sms.text):
        assert "http" not in text
        assert case.reference not in text


async def test_a_contact_reads_fixed_words_and_nothing_of_the_owner(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await delivered(house, Post())
    carl = await carl_of(house, case, astrid)
    for reply in ContactReply:
        await desk_messages.write(house, case.ticket_id, carl, reply, key=reply, by=astrid)
    post = Post()

    await delivered(house, post)

    assert len(post.taken) == 2
    for message in post.taken:
        assert message.to == "carl@correo.example"
        assert not any(word in message.text for word in ("Olga", "Cleo", case.reference))
    assert await states(house, case, astrid) == [Delivered.SENT, Delivered.SENT]


async def test_what_reaches_nobody_is_said_to_have_failed(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await wrote_to_olga(house, case, astrid)

    await delivered(house, None)

    assert await states(house, case, astrid) == [Delivered.FAILED]


async def test_what_was_told_long_ago_is_no_longer_known(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await wrote_to_olga(house, case, astrid)
    await delivered(house, Post())
    await cast.move_clock(house, timedelta(days=400))

    await housekeeping.sweep(house)

    assert await states(house, case, astrid) == [Delivered.UNKNOWN]


async def test_in_danger_a_message_to_the_owner_waits_until_the_notices_are_let_go(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await delivered(house, Post())
    visit = await cast.a_verified_visit(house, case.wallet, case.cleos_link)
    said = Draft(contact_id=case.cleo.id, kind=LossKind.STOLEN, safe=OwnerSafe.NO)
    await reports.save(house, case.wallet, visit, said)
    await filing.file_report(house, case.wallet, await visits.current(house, visit), key="b")
    await wrote_to_olga(house, case, astrid)
    assert (await composing.compose(house, case.ticket_id, None, by=astrid)).waits
    assert await states(house, case, astrid) == [Delivered.WAITS]
    post = Post()
    await delivered(house, post)
    assert await states(house, case, astrid) == [Delivered.WAITS]
    assert not any("comunicarnos" in one.text for one in post.taken)
    seen = (await desk.see_ticket(house, case.ticket_id, astrid)).ticket.row_version

    await danger.let_notices_go(house, case.ticket_id, by=astrid, seen=seen)
    await delivered(house, post)

    assert await states(house, case, astrid) == [Delivered.SENT]


# To whom ----------------------------------------------------------------------------------------


async def test_nobody_writes_to_whoever_said_that_they_are_somebody_else(
    house: House, case: Case, astrid: SignedIn
) -> None:
    carl = await carl_of(house, case, astrid)
    async with house.engine.begin() as db:
        await db.execute(update(contacts).where(contacts.c.id == carl).values(disowned=True))

    assert (await composing.compose(house, case.ticket_id, carl, by=astrid)).kinds == ()
    with pytest.raises(NoWayToWrite):
        await desk_messages.write(
            house, case.ticket_id, carl, ContactReply.PLEASE_CALL, key="one", by=astrid
        )


async def without_email(house: House) -> None:
    """Removed so long ago that it hears nothing any more."""
    async with house.engine.begin() as db:
        long_ago = await cast.now(house) - timedelta(days=31)
        mail = account_addresses.c.kind == AddressKind.EMAIL.value
        await db.execute(update(account_addresses).where(mail).values(removed_at=long_ago))


async def test_without_an_email_the_line_goes_by_text_message_as_a_phone_shows_it(
    house: House, case: Case, astrid: SignedIn
) -> None:
    before = await composing.compose(house, case.ticket_id, None, by=astrid)
    assert (before.own_line_by, before.longest_own_line) == (AddressKind.EMAIL, 300)
    await without_email(house)
    await delivered(house, Post())
    seen = await composing.compose(house, case.ticket_id, None, by=astrid)
    assert (seen.own_line_by, seen.longest_own_line) == (AddressKind.PHONE, 100)

    await wrote_to_olga(house, case, astrid, line="Llamamos dos veces: “está” sola…")
    post = Post()
    await delivered(house, post)

    (sms,) = post.taken
    assert isinstance(sms, Sms)
    assert sms.text.endswith("Una persona agrega: \"Llamamos dos veces: 'esta' sola...\"")
    assert gsm7.segments(sms.text) == 2
    # On the ticket stands what was read.
    work = (await desk.see_ticket(house, case.ticket_id, astrid)).work
    assert [one.own_line for one in work.messages.values()] == [
        "Llamamos dos veces: 'esta' sola..."
    ]


@pytest.mark.parametrize("line", ["a" * 101, "mañana 👋", "до завтра"])
async def test_what_a_text_message_cannot_hold_is_refused_and_not_cut(
    house: House, case: Case, astrid: SignedIn, line: str
) -> None:
    await without_email(house)

    with pytest.raises(OwnLineNotAllowed):
        await wrote_to_olga(house, case, astrid, line=line)

    async with house.engine.connect() as db:
        assert (await db.scalars(select(ticket_messages.c.id))).all() == []
    await wrote_to_olga(house, case, astrid)


async def test_a_line_meant_for_an_email_that_is_gone_by_then_is_not_cut_for_a_phone(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await delivered(house, Post())
    await wrote_to_olga(house, case, astrid, line="a" * 101)
    await without_email(house)
    post = Post()

    await delivered(house, post)

    (sms,) = post.taken
    assert "aaa" not in sms.text
    assert "agrega" not in sms.text


async def test_nobody_is_handed_a_ticket_of_their_own(
    house: House, case: Case, astrid: SignedIn
) -> None:
    """Arne is Cleo at home."""
    arne = await cast.an_agent(house, case.wallet, "arne", 3)
    offered = (await desk.see_ticket(house, case.ticket_id, astrid)).work.colleagues
    assert [one.name for one in offered] == ["Arne"]
    async with house.engine.begin() as db:
        own = AgentAddress(
            id=AgentAddressId(new_id()),
            agent_id=arne.agent.id,
            wallet_id=case.wallet.id,
            address_index=case.cleo.address_index,
            added_at=await cast.now(house),
        )
        await put(db, None, own)

    seen = await desk.see_ticket(house, case.ticket_id, astrid)
    assert seen.work.colleagues == ()
    with pytest.raises(CannotTakeTicket):
        await handing_over.hand_over(
            house, case.ticket_id, arne.agent.id, by=astrid, seen=seen.ticket.row_version
        )


# The first clock --------------------------------------------------------------------------------


async def test_a_call_to_the_reported_phone_stops_no_clock(
    house: House, case: Case, astrid: SignedIn
) -> None:
    ticket = case.ticket_id
    await unconfirmed.note_attempt(house, ticket, way=TriedWay.REPORTED_PHONE, by=astrid)
    assert (await desk.see_ticket(house, ticket, astrid)).ticket.attempted_at is None

    await unconfirmed.note_attempt(house, ticket, way=TriedWay.EMAIL, by=astrid)

    seen = await desk.see_ticket(house, ticket, astrid)
    assert seen.ticket.attempted_at is not None
    assert [one.way for one in seen.attempts] == [TriedWay.REPORTED_PHONE, TriedWay.EMAIL]


# Forgotten and told -----------------------------------------------------------------------------


async def test_words_go_with_the_ticket_and_that_there_were_some_stays(
    house: House, case: Case, astrid: SignedIn
) -> None:
    await notes.add(house, case.ticket_id, "she sounded afraid", key="one", by=astrid)
    await wrote_to_olga(house, case, astrid, line=LINE)
    await _closed(house, case)
    await cast.move_clock(house, case.wallet.policy.privacy.tickets_kept)
    assert await purging.purge(house) >= 1

    async with house.engine.connect() as db:
        assert (await db.scalars(select(ticket_notes.c.said))).all() == [None]
        assert (await db.scalars(select(ticket_messages.c.own_line))).all() == [None]
    seen = await desk.see_ticket(house, case.ticket_id, astrid)
    assert list(seen.work.notes.values()) == [""]


async def test_an_erased_owner_takes_no_more_notes(house: House, case: Case) -> None:
    sofia = await cast.an_agent(house, case.wallet, "sofia", 4)
    async with house.engine.begin() as db:
        owner = persons.c.id == case.account.person_id
        key = await db.scalar(select(persons.c.data_key_id).where(owner))
        await db.execute(update(persons).where(owner).values(data_key_id=None))
        await db.execute(data_keys.delete().where(data_keys.c.id == key))

    with pytest.raises(AccountIsClosed):
        await notes.add(house, case.ticket_id, "too late", key="one", by=sofia)


async def test_each_reads_what_was_written_to_them_and_nobody_reads_notes(
    house: House, case: Case, astrid: SignedIn
) -> None:
    carl = await carl_of(house, case, astrid)
    await notes.add(house, case.ticket_id, "she sounded afraid", key="one", by=astrid)
    await wrote_to_olga(house, case, astrid, line=LINE)
    await desk_messages.write(
        house, case.ticket_id, carl, ContactReply.PLEASE_CALL, key="two", by=astrid
    )
    async with house.engine.connect() as db:
        person = await db.scalar(select(contacts.c.person_id).where(contacts.c.id == carl))
    assert person is not None

    olga = await exports.export_person(house, case.wallet, case.account.person_id)
    theirs = await exports.export_person(house, case.wallet, PersonId(person))

    assert [one["own_line"] for one in olga.stored["ticket_messages"]] == [LINE]
    assert [one["reply"] for one in theirs.stored["ticket_messages"]] == ["please-call"]
    for told in (olga, theirs):
        assert "ticket_notes" not in told.stored
        assert "written_by" not in told.stored["ticket_messages"][0]


async def _closed(house: House, case: Case) -> None:
    async with house.engine.begin() as db:
        mine = ticket_rows.c.id == case.ticket_id
        closing = {"stage": "released", "closed_at": await cast.now(house)}
        await db.execute(update(ticket_rows).where(mine).values(**closing))
