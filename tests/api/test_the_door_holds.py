"""Whatever comes to the gateways' door: slow, broken, cunning, too much, or while it closes."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as chance
from hypothesis import strategies as st
from sqlalchemy import update

from domain.wallets import Wallet
from service.gateways import connection, door
from service.gateways.intake import MOST_HEAD, MOST_HEADERS, Intake, Taken
from service.gateways.questions import Request
from service.operations.house import House
from service.storage.tables import wallets
from tests import people as cast
from tests.api.backends import Backend
from tests.api.doors import OpenDoor, open_door, request

pytestmark = pytest.mark.anyio

FORM: Final = ("Content-Type", "application/x-www-form-urlencoded")
TOKEN: Final = b"token=phone-token"
# What no two servers would read alike, or nobody should say at all.
NOT_HTTP: Final = (
    b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    b"POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nContent-Length: 0x3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\nHost: a\n\n",
    b"GET / HTTP/1.1\r\nHost: a\n\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\r\n folded\r\n\r\n",
    b"GET / HTTP/1.1\r\nA : b\r\n\r\n",
    b"GET / HTTP/1.1\r\nA: b\0c\r\n\r\n",
    b"GET /a b HTTP/1.1\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\n\r\n",
    b"GET / HTTP/3.0\r\n\r\n",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    b"HTTP/1.1 200 OK\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"FOO / HTTP/1.1\r\n\r\n",
)


@pytest.fixture
async def gate(
    norte: Backend, house: House, wallet: Wallet, database_url: str
) -> AsyncIterator["Gate"]:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    async with open_door(database_url) as opened:
        yield Gate(opened, norte, urlsplit(wallet.origin).netloc)


class Gate:
    """The door, and a good question to it."""

    def __init__(self, opened: OpenDoor, norte: Backend, host: str) -> None:
        self.opened = opened
        self.door: door.Door = opened.door
        self.head: tuple[tuple[str, str], ...] = (*norte.basic.items(), FORM)
        self.host = host
        self.question = self.asking(*self.head, body=TOKEN)

    def asking(self, *headers: tuple[str, str], body: bytes = b"") -> bytes:
        return request("POST", "/oauth/introspect", *headers, body=body, host=self.host)

    def pass_seconds(self, many: int) -> None:
        for _ in range(many):
            self.door.second()


async def test_what_is_not_http_is_refused_and_the_connection_ends(gate: Gate) -> None:
    for broken in NOT_HTTP:
        async with gate.opened.client() as client:
            said = await client.asks(broken)
            assert (said.status, said.body, said.keeps) == (400, b"", False), broken
            await client.send(gate.question)
            assert await client.hears_the_end(), broken


async def test_what_was_asked_before_a_broken_request_is_answered_and_nothing_after_it(
    gate: Gate,
) -> None:
    for broken in NOT_HTTP:
        async with gate.opened.client() as client:
            await client.send(gate.question + broken + gate.question)
            assert b"true" in (await client.hears()).body
            assert (await client.hears()).status == 400
            assert await client.hears_the_end()


async def test_questions_sent_together_are_answered_in_their_order(gate: Gate) -> None:
    dead = gate.asking(*gate.head, body=b"token=nobody's")
    refused = gate.asking(FORM, body=TOKEN)
    health = request("GET", "/health/live", host="anybody")
    order = (gate.question, dead, refused, gate.question, health, dead) * 40
    async with gate.opened.client() as client:
        client.writer.write(b"".join(order))
        said = [await client.hears() for _ in order]

    words = {gate.question: b'"active":true', dead: b'"active":false', health: b"live"}
    for asked, answer in zip(order, said, strict=True):
        assert words.get(asked, b"invalid_client") in answer.body
        assert answer.keeps


async def test_a_question_may_come_byte_by_byte_or_in_chunks(gate: Gate) -> None:
    chunked = (*gate.head, ("Transfer-Encoding", "chunked"))
    pieces = b"5;why=not\r\ntoken\r\nc\r\n=phone-token\r\n0\r\nAuthorization: Basic x\r\n\r\n"
    async with gate.opened.client() as client:
        await client.send(*(bytes((byte,)) for byte in gate.question))
        assert b"true" in (await client.hears()).body
        assert b"true" in (await client.asks(gate.asking(*chunked) + pieces)).body
        # A trailer says nothing about who asks.
        unknown = gate.asking(FORM, ("Transfer-Encoding", "chunked"))
        trailer = f"0\r\nAuthorization: {gate.head[0][1]}\r\n\r\n".encode()
        assert (await client.asks(unknown + trailer)).status == 401


async def test_who_waits_to_be_told_to_go_on_is_told(gate: Gate) -> None:
    length = ("Content-Length", str(len(TOKEN)))
    waiting = gate.asking(*gate.head, ("Expect", "100-continue"), length)
    async with gate.opened.client() as client:
        for before in (b"", gate.question):
            await client.send(before + waiting)
            if before:
                assert b"true" in (await client.hears()).body
            assert (await client.hears()).status == 100
            assert b"true" in (await client.asks(TOKEN)).body
        assert b"true" in (await client.asks(waiting + TOKEN)).body
        too_long = (("Expect", "100-continue"), ("Content-Length", "70000"))
        assert (await client.asks(gate.asking(*gate.head, *too_long))).status == 413


async def test_old_and_parting_clients_are_answered_in_their_way(gate: Gate) -> None:
    old = gate.question.replace(b"HTTP/1.1", b"HTTP/1.0", 1)
    parting = gate.asking(*gate.head, ("Connection", "close"), body=TOKEN)
    for last in (old, parting):
        async with gate.opened.client() as client:
            said = await client.asks(last)
            assert (b"true" in said.body, said.keeps) == (True, False)
            assert await client.hears_the_end()
    async with gate.opened.client() as client:
        kept = old.replace(b"\r\n", b"\r\nConnection: keep-alive\r\n", 1)
        for _ in range(2):
            assert (await client.asks(kept)).headers["connection"] == "keep-alive"


async def test_who_would_rather_speak_another_protocol_is_answered_in_this_one(gate: Gate) -> None:
    """Java's client offers HTTP/2 with every first request."""
    offer = (
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA"),
    )
    offered = gate.asking(*gate.head, *offer, body=TOKEN)
    chunked = gate.asking(*gate.head, *offer, ("Transfer-Encoding", "chunked"))
    chunked += b"11\r\n" + TOKEN + b"\r\n0\r\n\r\n"
    async with gate.opened.client() as client:
        await client.send(offered + chunked + gate.question + offered[:-4], offered[-4:])
        for _ in range(4):
            said = await client.hears()
            assert (b"true" in said.body, said.keeps) == (True, True)
        parting = gate.asking(*gate.head, *offer[1:], ("Connection", "upgrade, close"), body=TOKEN)
        said = await client.asks(parting)
        assert (b"true" in said.body, said.keeps) == (True, False)
    assert (await gate.opened.ask(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")).status == 400


async def test_a_client_that_will_ask_no_more_still_hears_its_answer(gate: Gate) -> None:
    async with gate.opened.client() as client:
        await client.send(gate.question)
        client.writer.write_eof()
        assert b"true" in (await client.hears()).body
        assert await client.hears_the_end()


async def test_clients_that_leave_in_the_middle_take_nothing_with_them(gate: Gate) -> None:
    async def leaves(length: int) -> None:
        async with gate.opened.client() as client:
            await client.send(gate.question[:length])
            client.writer.transport.abort()

    whole = len(gate.question)
    await asyncio.gather(*(leaves(length) for length in (1, whole // 2, *(whole,) * 60)))

    assert b"true" in (await gate.opened.ask(gate.question)).body


async def test_a_head_has_its_limits(gate: Gate) -> None:
    long = ("X-Long", "a" * (MOST_HEAD - 400))
    assert b"true" in (await gate.opened.ask(gate.asking(*gate.head, long, body=TOKEN))).body
    many = [(f"X-{number}", "a") for number in range(MOST_HEADERS)]
    for too_much in ((("X-Long", "a" * MOST_HEAD),), tuple(many)):
        said = await gate.opened.ask(gate.asking(*gate.head, *too_much, body=TOKEN))
        assert (said.status, said.keeps) == (431, False)
    async with gate.opened.client() as client:
        await client.send(b"GET /", *(b"a" * 4096 for _ in range(6)))
        assert (await client.hears()).status == 431
    async with gate.opened.client() as client:
        endless = gate.asking(*gate.head, ("Transfer-Encoding", "chunked"))
        await client.send(endless, *(b"1;" + b"x" * 4096 + b"\r\na\r\n" for _ in range(40)))
        assert (await client.hears()).status == 400


async def test_nobody_holds_a_place_for_longer_than_it_takes(gate: Gate) -> None:
    async with gate.opened.client() as idle, gate.opened.client() as slow:
        assert b"true" in (await idle.asks(gate.question)).body
        await slow.send(gate.question[:-1])
        gate.pass_seconds(connection.SLOW + 1)
        said = await slow.hears()
        assert (said.status, said.keeps) == (408, False)
        assert await slow.hears_the_end()
        assert b"true" in (await idle.asks(gate.question)).body
        gate.pass_seconds(connection.IDLE - 1)
        assert b"true" in (await idle.asks(gate.question)).body
        gate.pass_seconds(connection.IDLE + 2)
        assert await idle.hears_the_end()


async def test_who_takes_no_answers_is_let_go(gate: Gate) -> None:
    async with gate.opened.client() as deaf, gate.opened.client() as other:
        deaf.writer.transport.pause_reading()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]  # a socket's can
        health = request("GET", "/health/live", host="anybody") * 20_000
        deaf.writer.write(health)
        assert b"true" in (await other.asks(gate.question)).body
        gate.pass_seconds(connection.SLOW + connection.LINGERS + 2)
        assert b"true" in (await other.asks(gate.question)).body


async def test_one_more_than_there_is_room_for_takes_the_place_of_the_idlest(gate: Gate) -> None:
    idlest = await asyncio.open_connection("127.0.0.1", gate.opened.port)
    gate.pass_seconds(1)
    rest = [
        await asyncio.open_connection("127.0.0.1", gate.opened.port)
        for _ in range(door.MOST_CONNECTIONS - 1)
    ]
    try:
        assert b"true" in (await gate.opened.ask(gate.question)).body
        assert await idlest[0].read() == b""
    finally:
        for _, writer in (idlest, *rest):
            writer.transport.abort()


async def test_while_the_door_closes_who_asked_is_answered(
    norte: Backend, house: House, wallet: Wallet, database_url: str
) -> None:
    await cast.olga(house, wallet)
    await cast.a_session(house, wallet, "phone-token")
    async with open_door(database_url) as opened:
        gate = Gate(opened, norte, urlsplit(wallet.origin).netloc)
        clients = [await asyncio.open_connection("127.0.0.1", opened.port) for _ in range(20)]
        for _, writer in clients[:10]:
            writer.write(gate.question)
        # The questions have arrived when a later one has been answered.
        await opened.ask(gate.question)
        for _, writer in clients[:10]:
            writer.write(gate.question)
            await asyncio.sleep(0)
    for number, (reader, writer) in enumerate(clients):
        heard = await reader.read()
        writer.close()
        assert heard.count(b'"active":true') == heard.count(b"HTTP/1.1 200 OK")
        assert heard.count(b"HTTP/1.1 200 OK") >= (number < 10)
        assert heard.endswith(b"}") or number >= 10


@chance(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.sampled_from(NOT_HTTP)
        | st.binary(max_size=40)
        | st.just(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        max_size=5,
    ),
    st.integers(1, 50),
)
def test_whatever_comes_in_whatever_pieces_is_read_to_the_same_end(
    sent: list[bytes], step: int
) -> None:
    """However the network cuts what was sent, the same requests are found in it."""
    whole, pieces, together = Intake(), Intake(), b"".join(sent)
    whole.feed(together)
    for start in range(0, len(together), step):
        pieces.feed(together[start : start + step])

    assert list(pieces.taken) == list(whole.taken)
    assert pieces.is_last == whole.is_last
    assert all(taken.keeps for taken in list(whole.taken)[:-1])


ODD_HEADS = (
    b"",
    b"Connection: close\r\n",
    b"Expect: 100-continue\r\n",
    b"Upgrade: h2c\r\nConnection: Upgrade\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"Content-Length: 9\r\n",
    b"X-Odd: \r\n",
)


def said(taken: Taken) -> tuple[object, ...]:
    """What was taken, whether or not its head was known."""
    if not isinstance(taken.what, Request):
        return (taken.what, taken.keeps, taken.is_old)
    what = taken.what
    return (what.method, what.target, what.headers, what.body, taken.keeps, taken.is_old)


@chance(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from((b"POST", b"GET")),
            st.sampled_from((b"1.1", b"1.0")),
            st.sampled_from(ODD_HEADS),
            st.sampled_from((b"", b"a", b"token=b", b"token=c", b"\r\n\r\n", b"GET / HTTP/1.1")),
            st.sampled_from((b"", b"\r\n", b"POST / HTTP/1.1\r\n")),
        ),
        min_size=2,
        max_size=8,
    )
)
def test_a_head_that_comes_again_is_read_as_the_first_time(
    sent: list[tuple[bytes, bytes, bytes, bytes, bytes]],
) -> None:
    """One connection remembers heads; the other is sent everything byte by byte, and cannot."""
    remembers, reads = Intake(), Intake()
    for method, version, odd, body, after in sent:
        length = b"Content-Length: %d\r\n" % len(body) if body else b""
        head = b"%b / HTTP/%b\r\nHost: a\r\n%b%b\r\n" % (method, version, odd, length)
        whole = head + body + after
        remembers.feed(whole)
        for byte in whole:
            reads.feed(bytes((byte,)))

    assert [said(one) for one in remembers.taken] == [said(one) for one in reads.taken]
    assert remembers.is_last == reads.is_last


def test_the_same_question_again_is_known_and_another_is_not() -> None:
    intake = Intake()
    for token in (b"a", b"b", b"c"):
        intake.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n" + token)
    intake.feed(b"POST / HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\nd")

    heads = [one.what.head for one in intake.taken if isinstance(one.what, Request)]
    assert heads[0] is None
    assert heads[1] is heads[2] is not None
    assert heads[3] is None
    assert [one.what.body for one in intake.taken if isinstance(one.what, Request)] == [
        *(b"a", b"b", b"c", b"d"),
    ]


def test_who_says_something_new_each_time_is_not_remembered_for_ever() -> None:
    intake = Intake()
    for number in range(20):
        traced = b"X: %02d\r\nContent-Length: 1\r\n\r\na" % number
        intake.feed(b"POST / HTTP/1.1\r\nHost: a\r\n" + traced)
    for _ in range(2):
        intake.feed(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\na")

    assert len(intake.taken) == 22
    assert all(one.what.head is None for one in intake.taken if isinstance(one.what, Request))


async def test_a_known_head_is_answered_for_whoever_holds_its_host_now(
    gate: Gate, house: House, wallet: Wallet
) -> None:
    """The wallet is looked up for each question; only what the head says is remembered."""
    async with gate.opened.client() as client:
        assert b"true" in (await client.asks(gate.question)).body
        assert b"true" in (await client.asks(gate.question)).body
        moved = "https://moved.example"
        async with house.engine.begin() as db:
            await db.execute(update(wallets).where(wallets.c.id == wallet.id).values(origin=moved))
        statuses: list[int] = []
        while len(statuses) < 100 and 404 not in statuses:
            statuses.append((await client.asks(gate.question)).status)
            await asyncio.sleep(0.1)
        assert statuses[-1] == 404
