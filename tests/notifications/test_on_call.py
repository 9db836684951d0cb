"""Whoever is woken: one message to the one address, and none that comes too late."""

from datetime import timedelta

import pytest

from domain.accounts import AddressKind
from notifications.audience import Role
from notifications.channels import Email
from tests.notifications import cast
from tests.notifications.cast import NOON, SOFIA, Later, stored_deliveries
from tests.notifications.house import House
from tests.notifications.readings import every_kind, every_language, text_of, written

pytestmark = pytest.mark.anyio


async def test_the_next_person_gets_a_text_with_the_reference_and_no_name(house: House) -> None:
    await house.tell(cast.on_call_rung(at=await house.soon()))

    assert await house.send() == 1

    (form,) = house.carrier.forms
    assert form["To"] == "+5491155550009"
    assert cast.REFERENCE in form["Body"]
    assert form["Body"].endswith(f"\n{cast.TICKET_PAGE}")
    assert "Olga" not in form["Body"]
    (row,) = await stored_deliveries(house.engine)
    assert (row["role"], row["address_id"], row["account_id"]) == ("on-call", SOFIA, None)


async def test_who_is_off_the_list_by_then_is_not_written_to(house: House) -> None:
    await house.tell(cast.on_call_tested())
    house.book.erased.add(SOFIA)

    await house.send()

    assert house.carrier.forms == []
    assert [state for state, _ in await house.states()] == ["pointless"]


async def test_nobody_is_woken_an_hour_late(house: House, later: Later) -> None:
    assert cast.on_call_rung().until == NOON + timedelta(hours=1)
    await house.tell(cast.on_call_rung(at=await house.soon()))
    await later(timedelta(hours=2))

    await house.send()

    assert house.carrier.forms == []
    assert [state for state, _ in await house.states()] == ["pointless"]


@every_language
def test_the_letter_leads_to_the_tickets_page_and_needs_no_key(language: str) -> None:
    letter = written(cast.on_call_rung(), Role.ON_CALL, AddressKind.EMAIL, language)
    assert isinstance(letter, Email)

    assert f'href="{cast.TICKET_PAGE}"' in letter.html
    assert f":\n{cast.TICKET_PAGE}\n" in letter.text
    assert "#" not in cast.TICKET_PAGE


@every_kind
@every_language
def test_without_a_console_to_lead_to_people_are_woken_all_the_same(
    language: str, kind: AddressKind
) -> None:
    text = text_of(written(cast.on_call_rung(), Role.ON_CALL, kind, language, console=None))

    assert cast.REFERENCE in text
    assert "http" not in text


@every_kind
@every_language
def test_a_test_of_the_list_leads_nowhere(language: str, kind: AddressKind) -> None:
    assert "http" not in text_of(written(cast.on_call_tested(), Role.ON_CALL, kind, language))
