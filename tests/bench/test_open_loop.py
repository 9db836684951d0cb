"""What is due is asked, and what was asked is counted, whatever the answers do."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from bench.connections import connect, request
from bench.open_loop import Flow, Seen, due_instants, percentile, run, summed_up

pytestmark = pytest.mark.anyio
HELLO = request("GET", "/hello", host="localhost", headers={})


@asynccontextmanager
async def a_server(answer: bytes, *, silent: bool = False) -> AsyncGenerator[int]:
    """Answers each request with these bytes, or takes it and says nothing; tells its port."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                if not silent:
                    writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def a_flow(port: int, *, name: str = "hello", patience: float = 10.0) -> Flow:
    return Flow(
        name=name,
        port=port,
        requests=(HELLO,),
        rate=200,
        seconds=0.2,
        connections=2,
        expects=b"hello",
        patience=patience,
    )


async def seen_of(*flows: Flow) -> tuple[Seen, ...]:
    return await asyncio.to_thread(run, *flows)


def test_requests_are_due_evenly_from_the_start_and_none_after_the_end() -> None:
    assert due_instants(4, 1) == [0, 0.25, 0.5, 0.75]
    # A part of an interval has room for the request that begins it.
    assert due_instants(4, 1.1) == [0, 0.25, 0.5, 0.75, 1.0]


def test_a_percentile_is_a_value_that_was_there() -> None:
    hundred = [float(value) for value in range(1, 101)]
    assert [percentile(hundred, share) for share in (0, 0.5, 0.99, 1)] == [1, 50, 99, 100]
    assert percentile([3.0], 0.99) == 3
    # Of three, one in a hundred is more than there is: the longest.
    assert percentile([1.0, 2.0, 9.0], 0.99) == 9


def test_the_longest_counts_wherever_it_came() -> None:
    seen = summed_up("x", [0.5, 0.001, 0.002], [0.0001] * 3, errors=1)
    assert (seen.asked, seen.errors) == (3, 1)
    assert (seen.p50, seen.p99, seen.longest) == (2, 500, 500)
    assert seen.own_p99 == pytest.approx(0.1)


async def test_every_good_answer_is_counted_over_few_connections() -> None:
    async with a_server(ok(b"hello")) as port:
        (seen,) = await seen_of(a_flow(port))
    assert (seen.asked, seen.errors) == (40, 0)


async def test_an_answer_that_says_something_else_is_an_error() -> None:
    async with a_server(ok(b"sorry")) as port:
        (seen,) = await seen_of(a_flow(port))
    assert (seen.asked, seen.errors) == (40, 40)


async def test_what_never_found_a_free_connection_is_counted_too() -> None:
    """Two are asked and never answered; the 38 behind them were due all the same."""
    async with a_server(b"", silent=True) as port:
        (seen,) = await seen_of(a_flow(port, patience=0.1))
    assert (seen.asked, seen.errors) == (40, 40)
    # In vain until the end: the first waited longer than the last, and none counts as quick.
    assert seen.longest > seen.p50 >= 100


async def test_several_flows_run_at_once_and_each_is_told_apart() -> None:
    async with a_server(ok(b"hello")) as good, a_server(ok(b"sorry")) as bad:
        first, second = await seen_of(a_flow(good, name="good"), a_flow(bad, name="bad"))
    assert (first.name, first.errors, second.name, second.errors) == ("good", 0, "bad", 40)


async def test_a_lost_connection_is_an_error_and_is_opened_again() -> None:
    last_words = ok(b"hello").replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)
    async with a_server_that_hangs_up(last_words) as port:
        (seen,) = await seen_of(a_flow(port))
    assert seen.asked == 40
    # Each connection brings one answer and is then found closed.
    assert 0 < seen.errors < 40


@asynccontextmanager
async def a_server_that_hangs_up(answer: bytes) -> AsyncGenerator[int]:
    """After each second request, which gets no answer."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_an_answer_is_whole_however_it_arrives() -> None:
    async def in_pieces(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        for byte in ok(b"hello"):
            writer.write(bytes([byte]))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(in_pieces, "127.0.0.1", 0)
    connection = await connect(server.sockets[0].getsockname()[1])
    answer = await connection.ask(HELLO)
    server.close()
    assert (answer.status, answer.body) == (200, b"hello")


async def test_an_answer_without_a_length_is_an_error_and_not_a_wait() -> None:
    async with a_server(b"HTTP/1.1 200 OK\r\n\r\nhello") as port:
        connection = await connect(port)
        with pytest.raises(ConnectionError):
            await connection.ask(HELLO)
        # It stays lost.
        with pytest.raises(ConnectionError):
            await connection.ask(HELLO)
