"""A wallet: one brand with its own rules."""

import msgspec

from domain.ids import KeyId
from domain.policy import DEFAULT, ContactPolicy, Policy
from domain.wallets import THE_INSTALLATION, Wallet
from tests.builders import NORTE


def a_wallet(policy: Policy = DEFAULT) -> Wallet:
    return Wallet(
        id=NORTE,
        origin="https://norte.example",
        name="Norte",
        short_name="Norte",
        colour="#0a5c8a",
        languages=("es", "en"),
        time_zone="America/Argentina/Buenos_Aires",
        country="AR",
        dialling_codes=("54",),
        support_number="+54 800 555 0101",
        support_hours="24 h",
        text_channel=None,
        emergency_number="911",
        email_from="Norte <no-reply@norte.example>",
        strong_acr=("urn:norte:strong",),
        data_key_id=KeyId(NORTE),
        policy=policy,
    )


def test_a_wallet_s_own_numbers_survive_being_stored() -> None:
    own = Policy(contacts=ContactPolicy(most=3))

    stored = msgspec.json.encode(a_wallet(own))

    assert msgspec.json.decode(stored, type=Wallet) == a_wallet(own)
    assert msgspec.json.decode(stored, type=Wallet) != a_wallet()


def test_the_installation_is_no_wallet_that_could_ever_be_made() -> None:
    # Keys of rows are UUIDv7, whose version is never zero.
    assert THE_INSTALLATION.version is None
    assert THE_INSTALLATION.int == 0
