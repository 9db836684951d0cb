"""Posting to an address that somebody outside named."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from service.security.outgoing import NoAnswer, Sender, may_be_asked
from tests.signals.receivers import Receiver, a_receiver, always

pytestmark = pytest.mark.anyio


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with a_receiver() as receiver:
        yield receiver


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = Sender(loopback=True)
    yield sender
    await sender.close()


@pytest.fixture
async def careful() -> AsyncIterator[Sender]:
    """As in production."""
    sender = Sender(loopback=False)
    yield sender
    await sender.close()


async def test_host_and_bytes_arrive_as_they_are(sender: Sender, receiver: Receiver) -> None:
    url = f"http://localhost:{receiver.port}/hook"
    answer = await sender.post(url, headers={"X-One": "1"}, body=b"{}")

    (heard,) = receiver.heard
    assert answer.status == 204
    assert heard.headers["host"] == f"localhost:{receiver.port}"
    assert (heard.headers["x-one"], heard.body) == ("1", b"{}")
    assert "cookie" not in heard.headers


async def test_the_environments_proxy_is_not_used(
    sender: Sender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_receiver(always(200)) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        await sender.post(receiver.url, headers={}, body=b"{}")
        assert (len(receiver.heard), proxy.heard) == (1, [])


@pytest.mark.parametrize("name", ["localhost", "rebound.localhost"])
async def test_a_name_that_leads_inside_is_refused_when_connecting(
    careful: Sender, receiver: Receiver, name: str
) -> None:
    url = f"https://{name}:{receiver.port}/"
    assert may_be_asked(url, loopback=False)

    with pytest.raises(NoAnswer, match=r"^(address-refused|ClientConnectorDNSError)$"):
        await careful.post(url, headers={}, body=b"{}")

    assert receiver.heard == []


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1", "224.0.0.1", "127.0.0.1"),
        *("::1", "fd00::1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::"),
        # Within one network alone, or of a kind that nobody outside could have.
        *("fec0::1", "64:ff9b:1::a00:1", "5f00::1", "3fff::1", "4000::1"),
        *("::127.0.0.1", "::ffff:0:127.0.0.1"),
    ],
)
async def test_one_inner_address_among_many_refuses_the_name(
    careful: Sender, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Names are what lies outside the building: the resolver of the system is replaced."""
    asked: list[str] = []

    def resolved(host: str, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        good = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443))
        return [good, (family, socket.SOCK_STREAM, 6, "", (address, 443))]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)

    with pytest.raises(NoAnswer, match="address-refused"):
        await careful.post("https://hooks.norte.example/", headers={}, body=b"{}")

    # Once, and never again between looking and connecting.
    assert asked == ["hooks.norte.example"]
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(NoAnswer, match="address-refused"):
        await careful.post(f"https://{literal}/", headers={}, body=b"{}")


async def test_an_address_is_not_printed_with_the_answer(
    sender: Sender, receiver: Receiver
) -> None:
    answer = await sender.post(receiver.url, headers={}, body=b"{}")

    assert repr(answer) == "Answer(204)"


def test_an_address_has_one_spelling_and_no_name_ends_in_a_number() -> None:
    for host in ("127.1", "2130706433", "012.0.0.1", "10.0.0.1.2", "hooks.norte.7"):
        assert not may_be_asked(f"https://{host}/", loopback=False), host
    for host in ("93.184.216.34", "hooks.norte.example", "7.norte.example", "[2606:4700::1]"):
        assert may_be_asked(f"https://{host}/", loopback=False), host
