"""What is stored about somebody is told whole, and nothing that is another's."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import LargeBinary

from domain.recovery import GoodTime, Voice
from domain.safety import Wish
from service.operations import erasing, exports, safety
from service.operations.exports import PARTS, Exported, Part
from service.operations.house import House
from service.storage.tables import metadata, notifications_metadata
from tests import people as cast
from tests.forgetting import FIVE_DAYS, Scene, a_scene

pytestmark = pytest.mark.anyio
TABLES = {**metadata.tables, **notifications_metadata.tables}
# Columns that refer to a person, directly or through what is theirs.
REFERS = {
    "person_id": "person",
    "contact_id": "contact",
    "account_id": "account",
    "ticket_id": "ticket",
}


@pytest.fixture
async def scene(house: House) -> Scene:
    return await a_scene(house)


async def exported(scene: Scene, person_id: Any) -> Exported:
    return await exports.export_person(scene.house, scene.wallet, person_id)


def test_every_table_was_thought_of() -> None:
    assert set(PARTS) == set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_whatever_refers_to_somebody_is_told_or_left_out_for_a_reason(name: str) -> None:
    part, table = PARTS[name], TABLES[name]
    if isinstance(part, str):
        assert len(part) > 3
        return
    assert "wallet_id" in table.c
    theirs = {
        **dict.fromkeys(part.person, "person"),
        **dict.fromkeys(part.contact, "contact"),
        **dict.fromkeys(part.account, "account"),
        **dict.fromkeys(part.ticket, "ticket"),
    }
    assert theirs
    assert {*theirs, *part.opened, *part.left_out} <= set(table.c.keys())
    for column in table.c:
        if isinstance(column.type, LargeBinary):
            # Sealed and opened, or a hash: nothing unreadable is handed out.
            assert (column.name in part.opened) != (column.name in part.left_out), column.name
        if column.name in theirs and column.name in REFERS:
            assert theirs[column.name] == REFERS[column.name]
    assert all(part.left_out.values())


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_that_is_not_told_holds_nothing_sealed_about_somebody_unnoticed(name: str) -> None:
    """A new column with a person's words in a table that is left out is a decision."""
    if isinstance(PARTS[name], Part):
        return
    words = {column.name for column in TABLES[name].c if isinstance(column.type, LargeBinary)}
    assert words == {
        "agents": {"name", "totp_secret"},
        "proposals": {"reject_words"},
        "release_reviews": {"words"},
        "agent_addresses": {"address_index"},
        "agent_passkeys": {"credential_id", "public_key", "name"},
        "passkey_challenges": {"challenge_sha256", "browser_sha256"},
        "api_clients": {"secret_sha256", "earlier_secret_sha256"},
        "used_assertions": {"jti_sha256"},
        "access_tokens": {"token_sha256"},
        "data_keys": {"wrapped"},
        "false_reports": {"address_index"},
        "idempotency_keys": {"body_sha256", "answer"},
        "left_hints": {"address_index", "said"},
        "limits": {"subject"},
        "on_call_persons": {"name", "address"},
        "outbox": {"secret"},
        "owner_codes": {"key_index", "key", "code_hmac", "browser"},
        "safety_notes": {"said"},
        "ticket_notes": {"said"},
        "reveals": {"words"},
        "seals": {"hash"},
        "journal_checks": {"hash"},
        "skips": {"said"},
        "streams": {"authorization", "secret", "secret_before"},
        "suppressed_addresses": {"address_hash"},
    }.get(name, set())


async def test_a_contact_reads_all_of_it_in_clear(scene: Scene) -> None:
    report = await cast.a_report(scene.house, scene.wallet, scene.carl, scene.link)
    await scene.in_his_space()

    told = await exported(scene, scene.carl.person_id)

    (contact,) = told.stored["contacts"]
    assert (contact["name"], contact["address"]) == ("Carl", "carl@correo.example")
    # The evidence of consent: which text, in which language, when.
    assert contact["consent_version"]
    assert contact["consent_language"] == "es"
    assert contact["accepted_at"] == scene.carl.accepted_at
    accepted = [
        row["entry"]
        for row in told.stored["journal"]
        if row["entry"]["event"] == "contact-accepted"
    ]
    assert [one["text_version"] for one in accepted] == [contact["consent_version"]]
    assert told.stored["person_addresses"][0]["address"] == "carl@correo.example"
    assert told.stored["loss_reports"][0]["reference"] == report.reference
    assert {row["role"] for row in told.stored.get("deliveries", [])} <= {"contact"}
    # Nothing of the owner's, and no bytes that nobody can read.
    text = msgspec.json.encode(told).decode()
    assert "olga" not in text.lower()
    assert not any(
        isinstance(value, bytes)
        for rows in told.stored.values()
        for r in rows
        for value in r.values()
    )


async def test_an_owner_reads_theirs_and_no_contact_s_name_and_nothing_of_safety(
    scene: Scene,
) -> None:
    wish = Wish(voice=Voice.TEXT, good_time=GoodTime.ANY, words="tengo miedo de Carl")
    await safety.ask(scene.house, scene.wallet, scene.pages, wish, key="help")

    told = await exported(scene, scene.account.person_id)

    assert told.stored["accounts"][0]["display_name"] == "Olga Ortiz"
    assert {row["address"] for row in told.stored["account_addresses"]} == {
        "olga-1@correo.example",
        "+5491123456789",
    }
    assert told.stored["devices"][0]["label"] == "Galaxy A54"
    text = msgspec.json.encode(told).decode().lower()
    assert "carl" not in text
    assert "safety" not in text
    assert "miedo" not in text
    assert "tickets" not in told.stored


async def test_after_an_erasure_it_holds_references_and_instants_alone(scene: Scene) -> None:
    await scene.asks()
    before = await exported(scene, scene.carl.person_id)
    assert before.erased_by is not None
    await scene.later(FIVE_DAYS)
    await erasing.erase_due(scene.house)

    told = await exported(scene, scene.carl.person_id)

    assert "carl" not in msgspec.json.encode(told).decode().lower()
    assert "person_addresses" not in told.stored
    (contact,) = told.stored["contacts"]
    assert (contact["name"], contact["address"]) == (None, None)
    assert told.stored["erasures"][0]["done_at"] is not None
