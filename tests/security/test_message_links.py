"""What a link in a message proves, and that it proves nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from domain.ids import ContactId, WalletId
from service.security import keys, message_links
from service.security.keys import KeyRing
from service.security.message_links import Says

NORTE, SUR = WalletId(UUID(int=1)), WalletId(UUID(int=2))
CARL, CLEO = ContactId(UUID(int=3)), ContactId(UUID(int=4))
NOON = datetime(2026, 3, 14, 17, 2, tzinfo=UTC)


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    keys.create(tmp_path / "keys")
    return keys.load(tmp_path / "keys")


def test_a_token_names_the_contact_and_is_the_same_each_time(ring: KeyRing) -> None:
    token = message_links.sign(ring, NORTE, Says.NOT_ME, CARL)

    assert message_links.contact_in(token) == CARL
    assert message_links.sign(ring, NORTE, Says.NOT_ME, CARL) == token
    assert message_links.is_signed(ring, NORTE, Says.NOT_ME, CARL, token)
    assert len(token) == 43


def test_it_says_one_thing_of_one_contact_in_one_wallet(ring: KeyRing) -> None:
    token = message_links.sign(ring, NORTE, Says.NOT_MINE, CARL, about=NOON)

    assert message_links.is_signed(ring, NORTE, Says.NOT_MINE, CARL, token, about=NOON)
    assert not message_links.is_signed(ring, SUR, Says.NOT_MINE, CARL, token, about=NOON)
    assert not message_links.is_signed(ring, NORTE, Says.NOT_ME, CARL, token, about=NOON)
    assert not message_links.is_signed(ring, NORTE, Says.NOT_MINE, CLEO, token, about=NOON)
    assert not message_links.is_signed(ring, NORTE, Says.NOT_MINE, CARL, token)
    a_moment_later = NOON + timedelta(microseconds=1)
    assert not message_links.is_signed(
        ring, NORTE, Says.NOT_MINE, CARL, token, about=a_moment_later
    )


def test_with_another_key_every_token_is_another(ring: KeyRing, tmp_path: Path) -> None:
    keys.create(tmp_path / "others")
    others = keys.load(tmp_path / "others")
    token = message_links.sign(ring, NORTE, Says.NOT_ME, CARL)

    assert not message_links.is_signed(others, NORTE, Says.NOT_ME, CARL, token)


@pytest.mark.parametrize(
    "token", ["", "x", "ñandú", "A" * 42, "A" * 44, "=" * 43, "a b" * 20, "\x00" * 43, "A" * 9999]
)
def test_what_is_no_token_names_nobody(ring: KeyRing, token: str) -> None:
    assert message_links.contact_in(token) is None
    assert not message_links.is_signed(ring, NORTE, Says.NOT_ME, CARL, token)
