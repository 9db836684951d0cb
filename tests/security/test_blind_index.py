"""Finding an address without storing it."""

from typing import Final
from uuid import UUID

from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.ids import WalletId
from service.security.blind_index import index_of
from service.security.keys import KeyRing, NamedKey

NORTE: Final = WalletId(UUID(int=1))
SUR: Final = WalletId(UUID(int=2))
CARLS: Final = "carl@correo.example"


def test_an_address_is_found_again_in_its_wallet_and_kind(keys: KeyRing) -> None:
    first = index_of(keys, NORTE, AddressKind.EMAIL, CARLS)

    assert index_of(keys, NORTE, AddressKind.EMAIL, CARLS) == first
    assert len(first) == 32


def test_nothing_links_an_address_across_wallets_kinds_or_installations(keys: KeyRing) -> None:
    elsewhere = replace(keys, index=NamedKey("index-1", b"e" * 32))

    seen = [
        index_of(keys, NORTE, AddressKind.EMAIL, CARLS),
        index_of(keys, SUR, AddressKind.EMAIL, CARLS),
        index_of(keys, NORTE, AddressKind.PHONE, CARLS),
        index_of(elsewhere, NORTE, AddressKind.EMAIL, CARLS),
        index_of(keys, NORTE, AddressKind.EMAIL, "cleo@correo.example"),
    ]

    assert len(set(seen)) == len(seen)


def test_only_the_index_key_matters(keys: KeyRing) -> None:
    rotated = replace(keys, master=(NamedKey("master-2", b"m" * 32), *keys.master))

    assert index_of(rotated, NORTE, AddressKind.EMAIL, CARLS) == index_of(
        keys, NORTE, AddressKind.EMAIL, CARLS
    )
