"""Agents' passwords: argon2id, the same work for everyone, off the event loop."""

import asyncio
import os
import threading

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from service.security.passwords import Passwords

pytestmark = pytest.mark.anyio

PASSWORD = "a long enough passphrase"


@pytest.fixture(scope="module")
def passwords() -> Passwords:
    return Passwords()


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The hashes that argon2 really worked on."""
    seen: list[str] = []
    verify = PasswordHasher.verify

    def watched(self: PasswordHasher, hash: str | bytes, password: str | bytes) -> bool:  # noqa: A002  # the library's name
        seen.append(str(hash))
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", watched)
    return seen


async def test_the_right_password_matches_and_no_other(passwords: Passwords) -> None:
    stored = await passwords.hash(PASSWORD)

    assert await passwords.matches(stored, PASSWORD)
    for wrong in ("", PASSWORD.upper(), f"{PASSWORD} ", PASSWORD[:-1], stored):
        assert not await passwords.matches(stored, wrong)


async def test_a_password_is_hashed_as_promised_with_a_salt_of_its_own(
    passwords: Passwords,
) -> None:
    one, another = await passwords.hash(PASSWORD), await passwords.hash(PASSWORD)

    parameters = extract_parameters(one)
    assert parameters.type is Type.ID
    assert (parameters.memory_cost, parameters.time_cost) == (19 * 1024, 2)
    assert parameters.parallelism == 1
    assert one != another


async def test_an_unknown_name_costs_the_same_work_as_a_wrong_password(
    passwords: Passwords, verified: list[str]
) -> None:
    stored = await passwords.hash(PASSWORD)

    assert not await passwords.matches(stored, "wrong")
    assert not await passwords.matches(None, "wrong")

    known, unknown = (extract_parameters(one) for one in verified)
    assert known == unknown
    assert verified[0] != verified[1]


async def test_no_password_opens_an_account_that_does_not_exist_or_has_none(
    passwords: Passwords,
) -> None:
    for typed in ("", PASSWORD, "nobody's password"):
        assert not await passwords.matches(None, typed)
        assert not await passwords.matches("", typed)
        assert not await passwords.matches("not a hash", typed)


async def test_a_hash_of_weaker_parameters_still_matches_and_asks_for_a_better_one(
    passwords: Passwords,
) -> None:
    weaker = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)

    assert await passwords.matches(weaker, PASSWORD)
    assert passwords.needs_rehash(weaker)
    assert not passwords.needs_rehash(await passwords.hash(PASSWORD))


async def test_hashing_leaves_the_event_loop_free(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    answered = threading.Event()
    verify = PasswordHasher.verify

    def waits_for_the_loop(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002  # the library's name
        # Only a loop that goes on can set this.
        assert answered.wait(30)
        return verify(self, hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", waits_for_the_loop)
    stored = await passwords.hash(PASSWORD)
    matching = asyncio.create_task(passwords.matches(stored, PASSWORD))
    asyncio.get_running_loop().call_soon(answered.set)

    assert await matching


async def test_at_most_one_password_per_core_is_worked_on_at_once(
    passwords: Passwords, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = os.cpu_count() or 1
    lock, now_and_most = threading.Lock(), [0, 0]
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: str) -> bool:  # noqa: A002  # the library's name
        with lock:
            now_and_most[0] += 1
            now_and_most[1] = max(now_and_most)
        try:
            return verify(self, hash, password)
        finally:
            with lock:
                now_and_most[0] -= 1

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    stored = await passwords.hash(PASSWORD)

    matched = await asyncio.gather(
        *(passwords.matches(stored, PASSWORD) for _ in range(4 * cores + 2))
    )

    assert all(matched)
    assert 1 <= now_and_most[1] <= cores
