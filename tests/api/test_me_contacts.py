"""The owner's trusted people, from the wallet's app."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from domain.challenges import Purpose
from domain.contacts import Contact
from domain.ids import ContactId
from domain.policy import DEFAULT
from domain.wallets import Wallet
from service.operations import invitations, visits
from service.operations.house import House
from service.storage import load
from tests import people as cast
from tests.api.backends import A_MOMENT
from tests.api.identity import Olga

pytestmark = pytest.mark.anyio
LIST = "/v1/me/contacts"
CARL = {"name": "Carl", "kind": "email", "address": "carl@correo.example"}
NOBODY = "019a0000-0000-7000-8000-000000000000"


async def invited(olga: Olga, body: dict[str, Any] = CARL, key: str | None = None) -> Any:
    more = {} if key is None else {"Idempotency-Key": key}
    return await olga.asks(LIST, method="POST", body=body, more=more)


async def listed(olga: Olga) -> list[dict[str, Any]]:
    return (await olga.asks()).json()["items"]


async def done(olga: Olga, method: str, contact: str, what: str = "", **more: str) -> Any:
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    return await olga.asks(f"{LIST}/{contact}{what}", method=method, more=headers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def accepted(house: House, wallet: Wallet) -> None:
    """Whoever was invited last reads, gets a code, and accepts."""
    token = await cast.told_secret(house, wallet, "contact-invited")
    opened = await visits.open_link(house, wallet, token, Purpose.ACCEPT)
    await visits.ask_code(house, wallet, opened.session)
    typed = await cast.told_secret(house, wallet, "code-asked")
    taken = await invitations.accept(house, wallet, opened.session, typed, language="es")
    assert isinstance(taken, invitations.Accepted)


async def stored(house: House, wallet: Wallet, contact_id: str) -> Contact:
    async with house.engine.connect() as db:
        return await load.contact(db, wallet.id, ContactId(UUID(contact_id)))


async def test_an_invitation_holds_a_place_and_shows_masked(olga: Olga) -> None:
    made = await invited(olga)

    assert made.status_code == 201
    told = made.json()
    assert (told["name"], told["state"], told["may_be_taken_back"]) == ("Carl", "invited", True)
    assert "carl@correo.example" not in made.text
    assert await listed(olga) == [told]
    assert (await done(olga, "GET", told["id"])).json() == told
    assert code(await done(olga, "GET", NOBODY)) == (404, "not-found")


async def test_the_same_key_invites_once(olga: Olga, house: House, wallet: Wallet) -> None:
    first, again = await invited(olga, key="one"), await invited(olga, key="one")
    other = await invited(olga, {**CARL, "name": "Karl"}, key="one")

    assert first.json() == again.json()
    assert code(other) == (422, "idempotency-key-reused")
    assert len(await listed(olga)) == 1


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"name": "Carl 7"}, (422, "name-not-allowed")),
        ({"address": "carl"}, (422, "address-not-allowed")),
        ({"address": f"{cast.OLGA.upper()}@CORREO.example"}, (422, "own-address")),
        ({"kind": "phone", "address": "+1 900 555 0100"}, (422, "address-not-allowed")),
        ({"kind": "phone", "address": "011 15 2345-6789"}, (422, "own-address")),
        ({"kind": "pigeon"}, (400, "bad-request")),
        ({"name": ""}, (400, "bad-request")),
        ({"name": "C" * 41}, (400, "bad-request")),
        ({"country": "ar"}, (400, "bad-request")),
        ({"place": 1}, (400, "bad-request")),
    ],
    ids=str,
)
async def test_a_wrong_invitation_is_refused_by_name(
    olga: Olga, changed: dict[str, Any], refused: tuple[int, str]
) -> None:
    assert code(await invited(olga, {**CARL, **changed})) == refused
    assert await listed(olga) == []


async def test_an_invitation_is_taken_back_at_once_and_is_gone(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    contact = (await invited(olga)).json()["id"]

    taken = await done(olga, "DELETE", contact)

    assert (taken.status_code, taken.content) == (204, b"")
    assert await listed(olga) == []
    assert code(await done(olga, "GET", contact)) == (404, "not-found")
    assert code(await done(olga, "DELETE", NOBODY)) == (404, "not-found")


@pytest.mark.usefixtures("clock_stands")
async def test_a_new_acceptance_is_undone_at_once_and_an_old_one_leaves_slowly(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    contact = (await invited(olga)).json()["id"]
    await accepted(house, wallet)
    await cast.move_clock(house, DEFAULT.contacts.acceptance_undone_within)

    begun = await done(olga, "DELETE", contact)
    again = await done(olga, "DELETE", contact)

    assert begun.status_code == 202
    told = begun.json()
    assert (told["state"], told["may_stay"]) == ("leaving", True)
    leaves_at = (await stored(house, wallet, contact)).leaves_at
    assert leaves_at is not None
    # The last active one: seven days.
    waits = leaves_at - await cast.now(house)
    assert abs(waits - DEFAULT.contacts.second_removal_takes) < 2 * A_MOMENT
    assert again.json()["leaves_at"] == told["leaves_at"]


async def test_whoever_is_leaving_can_be_kept_and_said_twice_it_is_once(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    contact = (await invited(olga)).json()["id"]
    await accepted(house, wallet)
    assert code(await done(olga, "POST", contact, "/stay")) == (409, "no-removal-pending")
    await cast.move_clock(house, DEFAULT.contacts.acceptance_undone_within)
    await done(olga, "DELETE", contact)

    kept = await done(olga, "POST", contact, "/stay", Idempotency_Key="keep")
    again = await done(olga, "POST", contact, "/stay", Idempotency_Key="keep")

    assert (kept.status_code, kept.json()["state"]) == (200, "active")
    assert again.json() == kept.json()
    assert kept.json()["leaves_at"] is None
    assert code(await done(olga, "POST", NOBODY, "/stay")) == (404, "not-found")


async def test_an_invitation_is_sent_again_a_day_later_and_once_for_a_key(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    contact = (await invited(olga)).json()["id"]
    first = await cast.told_secret(house, wallet, "contact-invited")
    too_soon = await done(olga, "POST", contact, "/invitation")
    assert code(too_soon) == (429, "too-soon")
    assert int(too_soon.headers["retry-after"]) > 0
    await cast.move_clock(house, timedelta(days=1))

    sent = await done(olga, "POST", contact, "/invitation", Idempotency_Key="again")
    token = await cast.told_secret(house, wallet, "invitation-sent-again")
    repeated = await done(olga, "POST", contact, "/invitation", Idempotency_Key="again")

    assert (sent.status_code, repeated.status_code) == (200, 200)
    assert await cast.told_secret(house, wallet, "invitation-sent-again") == token != first


async def test_a_decline_looks_like_no_answer_until_it_lapses(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    declined = (await invited(olga)).json()
    token = await cast.told_secret(house, wallet, "contact-invited")
    open_one = (await invited(olga, {**CARL, "address": "cleo@correo.example"})).json()
    opened = await visits.open_link(house, wallet, token, Purpose.ACCEPT)
    await invitations.decline(house, wallet, opened.session)

    seen = {one["id"]: one for one in await listed(olga)}
    assert seen[declined["id"]] == declined
    alike = {"id", "lapses_at", "address"}
    assert {name for name in declined if declined[name] != open_one[name]} <= alike
    events = [one["what"] for one in (await olga.asks("/v1/me/activity")).json()["items"]]
    assert events.count("contact-invited") == 2
    assert "contact-declined" not in events
    # Taken back it goes as one without an answer would.
    assert (await done(olga, "DELETE", declined["id"])).status_code == 204
    assert [one["id"] for one in await listed(olga)] == [open_one["id"]]


async def test_another_owners_people_are_nobody(olga: Olga, house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet, "cleo-1")
    contact = (await invited(olga)).json()["id"]
    cleo = await olga.token(sub="cleo-1")

    for method, path in (
        ("GET", f"{LIST}/{contact}"),
        ("DELETE", f"{LIST}/{contact}"),
        ("POST", f"{LIST}/{contact}/stay"),
        ("POST", f"{LIST}/{contact}/invitation"),
    ):
        assert code(await olga.asks(path, cleo, method=method)) == (404, "not-found")
    assert [one["id"] for one in await listed(olga)] == [contact]


async def test_changing_anything_needs_the_strong_sign_in(
    olga: Olga, house: House, wallet: Wallet
) -> None:
    contact = (await invited(olga)).json()["id"]
    weak = await olga.token(acr="urn:norte:pin")

    for method, what in (("DELETE", ""), ("POST", "/stay"), ("POST", "/invitation")):
        answer = await olga.asks(f"{LIST}/{contact}{what}", weak, method=method)
        assert code(answer) == (401, "strong-sign-in-needed")
        assert "insufficient_user_authentication" in answer.headers["www-authenticate"]
    assert [one["state"] for one in await listed(olga)] == ["invited"]
