"""What the tokens say, read with a library that is not ours."""

from typing import Any

import pytest
from litestar import Litestar
from msgspec.structs import replace

from domain.accounts import Account
from domain.events import ActorKind, ContactInvited, DisplayTurnedNeutral, Event
from domain.ids import ContactId, PersonId
from domain.reports import LossKind
from domain.wallets import Wallet
from notifications.wallets import CONTACTS_CHANGED, WALLETS_HEAR
from service.operations.house import House
from service.security.tokens import new_id
from service.signals.kinds import kinds
from service.storage.values import Scope, StreamKind
from tests import people as cast
from tests.api.backends import backend_of
from tests.signals import scene
from tests.signals.receivers import Receiver, always
from tests.signals.scene import Engines
from tests.signals.ssf.receiving import CAEP, RISC, Ssf, event_of, name_of, olga_at

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["RS256", "ES256"])
def algorithm(request: pytest.FixtureRequest) -> str:
    return request.param


async def test_every_kind_of_token_is_verified_by_another_library(
    *, house: House, norte: Wallet, ssf: Ssf, receiver: Receiver, worker: Engines, algorithm: str
) -> None:
    """The whole story, pushed and polled: contacts, a theft, the release, and the stream itself."""
    receiver.answering = always(202)
    await cast.olga(house, norte)
    pushed = await ssf.pushed(receiver.url, signing_algorithm=algorithm)
    polled = await ssf.stream(signing_algorithm=algorithm)

    session = await cast.a_session(house, norte, "phone-token")
    pages = await cast.at_her_pages(house, norte, session)
    carl, link = await cast.a_contact(house, norte, pages)
    await cast.a_report(house, norte, carl, link)
    await cast.released(house, norte)
    for stream in (pushed, polled):
        await ssf.status(stream, "paused")
        await ssf.status(stream, "enabled")
        told = {"stream_id": stream["stream_id"], "state": "ünïque"}
        assert (await ssf.call("POST", "/ssf/verify", told)).status_code == 204
    await worker.work()

    sent = [heard.body.decode() for heard in receiver.heard]
    got = list((await ssf.all(polled)).values())
    for tokens, stream in ((sent, pushed), (got, polled)):
        claims = [await ssf.verified(token, stream) for token in tokens]
        assert [name_of(one) for one in claims if one["sub_id"]["format"] == "iss_sub"] == [
            "recovery-information-changed",
            "recovery-information-changed",
            "session-revoked",
            "account-disabled",
            "account-enabled",
        ]
        about_it = [one for one in claims if one["sub_id"]["format"] == "opaque"]
        assert {one["sub_id"]["id"] for one in about_it} == {stream["stream_id"]}
        assert [(name_of(one), event_of(one)) for one in about_it] == [
            ("stream-updated", {"status": "paused"}),
            ("stream-updated", {"status": "enabled"}),
            ("verification", {"state": "ünïque"}),
        ]
        revoked, disabled, enabled = (
            next(one for one in claims if name_of(one) == name)
            for name in ("session-revoked", "account-disabled", "account-enabled")
        )
        assert revoked["txn"] == disabled["txn"] == enabled["txn"]


async def _frozen(
    ssf: Ssf, house: House, norte: Wallet, olgas: Account, worker: Engines, **said: Any
) -> dict[str, dict[str, Any]]:
    stream = await ssf.stream(signing_algorithm="ES256")
    event = scene.frozen(olgas.id, 1, await cast.now(house))
    await scene.happened(house, norte, [replace(event, **said)])
    await worker.queue()
    sets = await ssf.poll(stream)
    claims = [await ssf.verified(token, stream) for token in sets.values()]
    return {name_of(one): one for one in claims}


async def test_a_freeze_is_two_tokens_of_one_transaction(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    told = await _frozen(ssf, house, norte, olgas, worker)

    revoked, disabled = told["session-revoked"], told["account-disabled"]
    assert list(revoked["events"]) == [f"{CAEP}session-revoked"]
    assert list(disabled["events"]) == [f"{RISC}account-disabled"]
    assert revoked["txn"] == disabled["txn"]
    assert revoked["jti"] != disabled["jti"]
    assert revoked["iss"] == norte.origin
    assert revoked["aud"] == ["fraud-desk"]
    assert revoked["sub_id"] == {"format": "iss_sub", "iss": norte.origin, "sub": "olga-1"}
    event = event_of(revoked)
    assert event["initiating_entity"] == "policy"
    assert abs(event["event_timestamp"] - revoked["iat"]) < 60
    assert event["reason_admin"].keys() == {"es", "pt-BR", "en"}
    assert all(event["reason_admin"].values())
    assert (event["version"], event["display"]) == (1, "plain")
    assert event_of(disabled) == {"reason": "hijacking", "version": 1, "display": "plain"}


async def test_a_loss_is_no_hijacking(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    told = await _frozen(ssf, house, norte, olgas, worker, stolen=False)

    assert "reason" not in event_of(told["account-disabled"])


@pytest.mark.parametrize(
    ("asked_by", "entity"),
    [
        (ActorKind.CONTACT, "policy"),
        (ActorKind.OWNER, "user"),
        (ActorKind.WALLET, "admin"),
    ],
)
async def test_who_froze_is_said_in_the_standards_words(
    *,
    house: House,
    norte: Wallet,
    olgas: Account,
    ssf: Ssf,
    worker: Engines,
    asked_by: ActorKind,
    entity: str,
) -> None:
    told = await _frozen(ssf, house, norte, olgas, worker, asked_by=asked_by)

    assert event_of(told["session-revoked"])["initiating_entity"] == entity


async def test_of_an_owner_in_danger_only_the_display_is_said(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    plain = await _frozen(ssf, house, norte, olgas, worker)
    neutral = await _frozen(ssf, house, norte, olgas, worker, neutral=True)

    for name, claims in neutral.items():
        said, otherwise = event_of(claims), event_of(plain[name])
        assert said.pop("display") == "neutral"
        assert otherwise.pop("display") == "plain"
        said.pop("event_timestamp", None)
        otherwise.pop("event_timestamp", None)
        assert said == otherwise


async def test_a_display_that_turns_neutral_later_is_told_of_the_same_freeze(
    app: Litestar, house: House, norte: Wallet, ssf: Ssf, worker: Engines
) -> None:
    """Confirmed like it, and of its ticket: a receiver needs no second way to read it."""
    stream = await ssf.stream(events_requested=[f"{CAEP}session-revoked"])
    await cast.olga(house, norte)
    hot_line = backend_of(app, house, norte, client_id="hot-line", scopes=(Scope.FREEZE,))
    async with hot_line as backend:
        path = f"/v1/accounts/{cast.OLGA}/freeze"
        for danger in (False, True):
            body = {"reason": "stolen", "danger": danger}
            await backend.call("POST", path, body, more={"Idempotency-Key": str(danger)})
    await worker.queue()

    got = await ssf.all(stream)
    first, second = [await ssf.verified(token, stream) for token in got.values()]

    assert name_of(first) == name_of(second) == "session-revoked"
    assert [event_of(one)["display"] for one in (first, second)] == ["plain", "neutral"]
    assert event_of(first)["version"] == event_of(second)["version"]
    assert first["txn"] == second["txn"]


async def test_one_that_was_recorded_before_it_named_its_freeze_is_told_too(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    turned = DisplayTurnedNeutral(account_id=olgas.id, at=await cast.now(house))
    await scene.happened(house, norte, [turned])
    await worker.queue()

    (token,) = (await ssf.poll(stream)).values()
    claims = await ssf.verified(token, stream)

    assert name_of(claims) == "session-revoked"
    assert event_of(claims)["display"] == "neutral"
    assert "version" not in event_of(claims)


async def test_a_change_of_contacts_names_nobody(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream()
    now = await cast.now(house)
    contact, person = ContactId(new_id()), PersonId(new_id())
    invited = ContactInvited(
        account_id=olgas.id, contact_id=contact, person_id=person, lapses_at=now, at=now
    )
    await scene.happened(house, norte, [invited])
    await worker.queue()

    (token,) = (await ssf.poll(stream)).values()
    claims = await ssf.verified(token, stream)

    assert claims["sub_id"] == olga_at(stream)
    assert claims["events"] == {f"{RISC}recovery-information-changed": {}}
    assert str(contact) not in str(claims)


async def test_changes_of_contacts_cannot_be_told_apart(house: House) -> None:
    sets = kinds(house)[StreamKind.POLL]

    assert {tuple(sets.tells(kind)) for kind in CONTACTS_CHANGED} == {
        (f"{RISC}recovery-information-changed",)
    }
    told: set[type[Event]] = {kind for kind in WALLETS_HEAR if sets.tells(kind)}
    assert told - CONTACTS_CHANGED


async def test_a_mere_loss_reported_by_a_contact_travels_the_whole_way(
    house: House, norte: Wallet, olgas: Account, ssf: Ssf, worker: Engines
) -> None:
    stream = await ssf.stream(events_requested=[f"{RISC}account-disabled"])
    session = await cast.a_session(house, norte, "phone-token")
    pages = await cast.at_her_pages(house, norte, session)
    carl, link = await cast.a_contact(house, norte, pages)
    await cast.a_report(house, norte, carl, link, LossKind.LOST)
    await worker.queue()

    (token,) = (await ssf.poll(stream)).values()

    frozen = await cast.the_account(house, norte, olgas.id)
    assert event_of(await ssf.verified(token, stream)) == {
        "version": frozen.version,
        "display": "plain",
    }
