"""The hash chain: whatever is changed in it afterwards is found."""

from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from domain.events import THE_CLOCK, Actor, ActorKind, ContactDeclined, InvitationLapsed
from domain.ids import WalletId
from domain.journal import (
    Checkpoint,
    canonical,
    checkpoint_text,
    first_hash,
    next_hash,
    read_checkpoint,
)
from tests.builders import CARL, NOON, NORTE, OLGAS

SUR: Final = WalletId(UUID(int=100))


class Sealed(NamedTuple):
    entry_id: UUID
    entry: str
    seal: bytes


def sealed(entries: list[tuple[UUID, str]], wallet_id: WalletId = NORTE) -> list[Sealed]:
    chain: list[Sealed] = []
    previous = first_hash(wallet_id)
    for number, (entry_id, entry) in enumerate(entries, 1):
        previous = next_hash(number, previous, entry_id, entry)
        chain.append(Sealed(entry_id, entry, previous))
    return chain


def holds(chain: list[Sealed], wallet_id: WalletId = NORTE) -> bool:
    return chain == sealed([(one.entry_id, one.entry) for one in chain], wallet_id)


ENTRIES = st.lists(
    st.tuples(st.uuids(), st.text(max_size=30)), min_size=2, max_size=8, unique_by=lambda e: e[0]
)
CHAINS = ENTRIES.map(sealed)


@settings(deadline=None)
@given(chain=CHAINS)
def test_a_chain_nobody_touched_holds(chain: list[Sealed]) -> None:
    assert holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7), text=st.text(max_size=30))
def test_a_changed_entry_is_found(chain: list[Sealed], at: int, text: str) -> None:
    at %= len(chain)
    assume(text != chain[at].entry)
    chain[at] = chain[at]._replace(entry=text)

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7), other=st.uuids())
def test_an_entry_under_another_s_id_is_found(chain: list[Sealed], at: int, other: UUID) -> None:
    at %= len(chain)
    assume(other != chain[at].entry_id)
    chain[at] = chain[at]._replace(entry_id=other)

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7), wrong=st.integers(0, 255))
def test_a_changed_seal_is_found(chain: list[Sealed], at: int, wrong: int) -> None:
    at %= len(chain)
    seal = bytearray(chain[at].seal)
    seal[wrong // 8] ^= 1 << wrong % 8
    chain[at] = chain[at]._replace(seal=bytes(seal))

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7))
def test_a_dropped_entry_is_found_by_the_one_after_it(chain: list[Sealed], at: int) -> None:
    # That the last ones are missing no chain can say by itself.
    del chain[at % (len(chain) - 1)]

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7), entry=st.tuples(st.uuids(), st.text(max_size=30)))
def test_an_inserted_entry_is_found_even_with_a_fitting_seal(
    chain: list[Sealed], at: int, entry: tuple[UUID, str]
) -> None:
    at %= len(chain)
    forged = sealed([*((one.entry_id, one.entry) for one in chain[:at]), entry])[-1]
    chain.insert(at, forged)

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS, at=st.integers(0, 7))
def test_two_neighbours_that_changed_places_are_found(chain: list[Sealed], at: int) -> None:
    at %= len(chain) - 1
    chain[at], chain[at + 1] = chain[at + 1], chain[at]

    assert not holds(chain)


@settings(deadline=None)
@given(chain=CHAINS)
def test_a_chain_holds_for_its_own_wallet_alone(chain: list[Sealed]) -> None:
    assert not holds(chain, SUR)


@settings(deadline=None)
@given(number=st.integers(1, 2**32), other=st.integers(1, 2**32))
def test_the_same_entry_at_another_number_has_another_seal(number: int, other: int) -> None:
    assume(number != other)
    one, two = (next_hash(n, first_hash(NORTE), CARL, "{}") for n in (number, other))

    assert one != two


def test_seals_are_made_as_they_always_were() -> None:
    begin = sha256(b"resguardo-journal-v1\0" + NORTE.bytes).digest()
    written = b"resguardo-journal-v1\0" + bytes([0, 0, 0, 0, 0, 0, 1, 2]) + begin
    written += CARL.bytes + "{‖}".encode()

    assert first_hash(NORTE) == begin
    assert next_hash(258, begin, CARL, "{‖}") == sha256(written).digest()


def test_an_entry_has_one_spelling() -> None:
    declined = ContactDeclined(contact_id=CARL, account_id=OLGAS, at=NOON)

    assert canonical(declined, Actor(ActorKind.CONTACT, CARL)) == (
        '{"by":{"id":"00000000-0000-0000-0000-000000000005","kind":"contact"},'
        '"what":{"account_id":"00000000-0000-0000-0000-000000000003",'
        '"at":"2026-03-14T12:00:00Z",'
        '"contact_id":"00000000-0000-0000-0000-000000000005",'
        '"event":"contact-declined"}}'
    )


def test_what_happened_who_did_it_and_when_each_change_the_entry() -> None:
    declined = ContactDeclined(contact_id=CARL, account_id=OLGAS, at=NOON)
    lapsed = InvitationLapsed(contact_id=CARL, account_id=OLGAS, at=NOON)
    by_carl = Actor(ActorKind.CONTACT, CARL)

    entries = {
        canonical(declined, by_carl),
        canonical(lapsed, by_carl),
        canonical(declined, THE_CLOCK),
        canonical(
            ContactDeclined(contact_id=CARL, account_id=OLGAS, at=NOON.replace(year=2027)), by_carl
        ),
    }
    assert len(entries) == 4


def test_a_checkpoint_is_read_back_only_as_it_was_written() -> None:
    checkpoint = Checkpoint(wallet_id=NORTE, number=7, seal=b"s" * 32, at=NOON)
    text = checkpoint_text(checkpoint)

    assert read_checkpoint(text) == checkpoint
    for wrong in ("", "a\nb\nc\nd\n", text + "x\n", text.replace("\n7\n", "\n07\n")):
        assert read_checkpoint(wrong) is None
