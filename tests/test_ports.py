"""A port that a test is about to use is nobody else's until then."""

import socket

import pytest

from service.processes import is_free
from tests.ports import free_port


def test_whoever_asks_for_any_port_gets_another_and_a_server_may_listen_there() -> None:
    kept = free_port()

    # What the kernel holds for taken it gives to nobody who asks for any.
    with socket.socket() as somebody, pytest.raises(OSError, match="in use"):
        somebody.bind(("127.0.0.1", kept))
    assert is_free(kept)
    with socket.create_server(("127.0.0.1", kept)):
        assert not is_free(kept)
    assert is_free(kept)


def test_no_two_are_alike() -> None:
    ports: list[int] = []
    for _ in range(50):
        ports.append(free_port(others=ports))

    assert len(set(ports)) == 50
