"""A sealed value opens in its own place with its own key, and nowhere else."""

from typing import Final
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ids import KeyId
from service.security.encryption import (
    CannotOpen,
    DataKey,
    Place,
    WrappedKey,
    key_of,
    new_data_key,
    unwrap,
)
from service.security.keys import NamedKey
from service.security.tokens import new_id

MASTER: Final = NamedKey("master-1", b"1" * 32)
NEWER: Final = NamedKey("master-2", b"2" * 32)
ROW: Final = UUID(int=7)
NAME: Final = Place("contacts", "name", ROW)


def a_key() -> DataKey:
    return new_data_key((MASTER,))[0]


@settings(deadline=None)
@given(text=st.text())
def test_what_was_sealed_opens_in_its_own_place(text: str) -> None:
    key = a_key()

    assert key.open(NAME, key.seal(NAME, text)) == text


@pytest.mark.parametrize(
    "elsewhere",
    [
        pytest.param(Place("persons", "name", ROW), id="table"),
        pytest.param(Place("contacts", "label", ROW), id="column"),
        pytest.param(Place("contacts", "name", UUID(int=8)), id="row"),
    ],
)
def test_a_value_moved_elsewhere_does_not_open(elsewhere: Place) -> None:
    key = a_key()
    sealed = key.seal(NAME, "Carl")

    assert key.open(NAME, sealed) == "Carl"
    with pytest.raises(CannotOpen):
        key.open(elsewhere, sealed)


def test_a_value_does_not_open_with_another_s_key() -> None:
    key, another = a_key(), a_key()
    sealed = key.seal(NAME, "Carl")

    assert key.open(NAME, sealed) == "Carl"
    with pytest.raises(CannotOpen):
        another.open(NAME, sealed)


def test_a_value_does_not_open_under_another_key_s_name() -> None:
    secret = b"s" * 32
    key, renamed = (DataKey(KeyId(new_id()), secret) for _ in range(2))
    sealed = key.seal(NAME, "Carl")
    relabelled = sealed[:1] + renamed.id.bytes + sealed[17:]

    assert key.open(NAME, sealed) == "Carl"
    with pytest.raises(CannotOpen):
        renamed.open(NAME, relabelled)


def test_whatever_byte_is_changed_the_value_does_not_open() -> None:
    key = a_key()
    sealed = key.seal(NAME, "Carl")

    for at in range(len(sealed)):
        for bit in range(8):
            changed = bytearray(sealed)
            changed[at] ^= 1 << bit
            with pytest.raises(CannotOpen):
                key.open(NAME, bytes(changed))


def test_wherever_it_is_cut_the_value_does_not_open() -> None:
    key = a_key()
    sealed = key.seal(NAME, "Carl")

    for length in range(len(sealed)):
        with pytest.raises(CannotOpen):
            key.open(NAME, sealed[:length])
    with pytest.raises(CannotOpen):
        key.open(NAME, sealed + b"\0")


def test_the_same_words_are_never_sealed_alike() -> None:
    key = a_key()
    sealed = [key.seal(NAME, "Carl") for _ in range(200)]

    nonces = {one[17:29] for one in sealed}
    assert len(nonces) == len(sealed)
    assert len({one[29:] for one in sealed}) == len(sealed)
    assert not any(b"Carl" in one for one in sealed)


def test_a_sealed_value_says_which_key_it_needs() -> None:
    key = a_key()

    assert key_of(key.seal(NAME, "Carl")) == key.id


def test_a_data_key_is_wrapped_by_the_newest_master_key_and_opens_with_it() -> None:
    key, stored = new_data_key((NEWER, MASTER))

    assert stored.master_key == NEWER.id
    opened = unwrap(stored, (NEWER, MASTER))
    assert opened.id == key.id
    assert opened.open(NAME, key.seal(NAME, "Carl")) == "Carl"


def test_a_key_wrapped_before_a_rotation_opens_while_the_older_master_is_kept() -> None:
    key, stored = new_data_key((MASTER,))
    sealed = key.seal(NAME, "Carl")

    assert unwrap(stored, (NEWER, MASTER)).open(NAME, sealed) == "Carl"
    with pytest.raises(CannotOpen):
        unwrap(stored, (NEWER,))


def test_another_secret_under_the_master_s_name_opens_nothing() -> None:
    _, stored = new_data_key((MASTER,))

    with pytest.raises(CannotOpen):
        unwrap(stored, (NamedKey(MASTER.id, NEWER.secret),))


def test_a_wrapped_key_does_not_open_as_another_s() -> None:
    _, stored = new_data_key((MASTER,))
    _, another = new_data_key((MASTER,))
    twin = NamedKey("master-1b", MASTER.secret)

    with pytest.raises(CannotOpen):
        unwrap(WrappedKey(id=another.id, master_key=MASTER.id, wrapped=stored.wrapped), (MASTER,))
    with pytest.raises(CannotOpen):
        unwrap(WrappedKey(id=stored.id, master_key=twin.id, wrapped=stored.wrapped), (twin,))


def test_whatever_byte_of_a_wrapped_key_is_changed_or_cut_it_does_not_open() -> None:
    _, stored = new_data_key((MASTER,))

    def tried(wrapped: bytes) -> DataKey:
        return unwrap(
            WrappedKey(id=stored.id, master_key=stored.master_key, wrapped=wrapped), (MASTER,)
        )

    tried(stored.wrapped)
    for at in range(len(stored.wrapped)):
        changed = bytearray(stored.wrapped)
        changed[at] ^= 1
        for broken in (bytes(changed), stored.wrapped[:at]):
            with pytest.raises(CannotOpen):
                tried(broken)


def test_a_wrapped_key_shows_nothing_of_the_key() -> None:
    stored = [new_data_key((MASTER,))[1] for _ in range(50)]

    # Nonce, key, tag.
    assert {len(one.wrapped) for one in stored} == {12 + 32 + 16}
    assert len({one.wrapped[:12] for one in stored}) == len(stored)
    assert len({one.id for one in stored}) == len(stored)
