"""Agents read the console in their own language: not a word of the English pages is left over."""

from uuid import UUID

import pytest
from litestar import Litestar

from domain.ids import ContactId
from service.operations.house import House
from tests import people as cast
from tests.at_desk import at_desk
from tests.browser.spoken import english_in
from tests.desks import a_case, a_second_address

pytestmark = pytest.mark.anyio


def test_english_words_are_noticed_and_names_are_not() -> None:
    assert english_in("Olga Ortiz · Pixel 8 · Carteira Sul · ninguém") == frozenset()
    assert english_in("HAS-7K2M-4", "4HAS-7THE-X", "/console/tickets?q=4HAS-7THE-X") == frozenset()
    assert english_in("Titular", "The account stays frozen") >= {"the", "account", "frozen"}


@pytest.mark.parametrize("language", ["es", "pt-BR"])
async def test_a_page_of_an_agent_holds_no_english_words(
    house: House, app: Litestar, language: str
) -> None:
    wallet = await cast.a_wallet(house)
    case = await a_case(house, wallet, note="x", reach="+54 9 11 5555 0142")
    luz = await at_desk(house, app, wallet, "luz", level=4, language=language)
    ticket = await luz.browser.open(case.path)
    (form,) = [one for one in ticket.forms if one.fields.get("whose") == "reporter"]
    carl = ContactId(UUID(form.action.split("/")[-2]))
    await a_second_address(house, wallet, carl)
    wrote = f"{case.path}/messages?to=owner"
    await (await luz.browser.open(wrote)).press(wrote, reply="still-checking", own_line="hoy no")

    found = {
        path: sorted(english_in((await luz.browser.open(path)).text))
        for path in ("/console", case.path, wrote, f"{case.path}/messages?to={carl}", "/console/me")
    }
    shown = await ticket.press(form, reason="hear-reporter")
    found["shown"] = sorted(english_in(shown.text))
    assert not any(found.values()), found
