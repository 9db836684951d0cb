"""What operators and programs change is on record, by whom, and nothing of it is secret."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from domain.policy import DEFAULT
from domain.wallets import Wallet
from service.operations import (
    clients,
    clients_by_hand,
    ssf_status,
    ssf_streams,
    ssf_subjects,
    wallets,
    webhooks,
)
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.ssf_streams import Change, Receiver
from service.operations.wallets import OwnersIssuer
from service.operations.webhooks import EndpointChange, NewEndpoint
from service.storage.tables import journal, outbox
from service.storage.values import Scope, StreamKind, StreamStatus
from tests import people as cast
from tests.api.signers import EC, RSA, jwks

pytestmark = pytest.mark.anyio
HOOK = "https://hooks.norte.example/a-path-that-is-a-secret"


@pytest.fixture
async def wallet(house: House) -> Wallet:
    return await cast.a_wallet(house)


async def told(house: House, wallet: Wallet) -> list[tuple[str, str, dict[str, Any]]]:
    """Event, actor's kind, and what it says, in order; a wallet's first entry is its making."""
    async with house.engine.connect() as db:
        rows = await db.execute(
            select(journal.c.entry).where(journal.c.wallet_id == wallet.id).order_by(journal.c.id)
        )
        entries = [msgspec.json.decode(row.entry) for row in rows]
        assert await db.scalar(select(outbox.c.id).where(outbox.c.secret.isnot(None))) is None
    assert entries[0]["what"]["event"] == "wallet-made"
    return [(one["what"]["event"], one["by"]["kind"], one["what"]) for one in entries[1:]]


async def test_what_the_operator_changes_of_a_client_is_on_record(
    house: House, wallet: Wallet
) -> None:
    secret = await clients.add_client(house, wallet.id, "norte", (Scope.FREEZE, Scope.PROOFS))
    await clients_by_hand.add_client_with_keys(
        house, wallet.id, "signer", (Scope.ACCOUNTS,), jwks(RSA, EC)
    )
    await clients_by_hand.rotate_secret(house, "norte", overlap=timedelta(hours=1))
    await clients_by_hand.rotate_secret(house, "norte", overlap=None)
    (kid,) = await clients_by_hand.add_keys(house, "norte", jwks(EC))
    await clients_by_hand.cap_exp(house, "norte", 60)
    await clients_by_hand.cap_exp(house, "norte", None)
    await clients_by_hand.end_secret(house, "norte")
    await clients_by_hand.remove_key(house, "norte", kid, at_once=True)
    await clients_by_hand.end_client(house, "norte")

    said = await told(house, wallet)

    assert [event for event, _, _ in said] == [
        *("client-made", "client-made", "client-secret-rotated", "client-secret-rotated"),
        *("client-keys-added", "client-cap-changed", "client-cap-changed"),
        *("client-secret-ended", "client-key-removed", "client-ended"),
    ]
    assert {kind for _, kind, _ in said} == {"operator"}
    assert (said[0][2]["scopes"], said[0][2]["keys"]) == (["freeze", "proofs"], 0)
    assert said[1][2]["keys"] == 2
    assert [what["at_once"] for event, _, what in said if event == "client-secret-rotated"] == [
        *(False, True),
    ]
    assert [what["seconds"] for event, _, what in said if event == "client-cap-changed"] == [
        *(60, None),
    ]
    assert len({what["client_id"] for _, _, what in said}) == 2
    assert secret not in str(said)
    assert "norte" not in str(said)


async def test_what_is_refused_is_not_on_record(house: House, wallet: Wallet) -> None:
    with pytest.raises(clients_by_hand.ClientWrong):
        await clients_by_hand.cap_exp(house, "nobody", 60)

    assert await told(house, wallet) == []


async def test_what_the_operator_changes_of_a_wallet_is_on_record(
    house: House, wallet: Wallet
) -> None:
    issuer = OwnersIssuer(issuer="https://id.norte.example", audience="resguardo")
    await wallets.change_issuer(house, wallet.origin, issuer)
    await wallets.change_issuer(house, wallet.origin, None)
    await wallets.change_policy(house, wallet.origin, DEFAULT)

    said = await told(house, wallet)

    assert [(event, kind) for event, kind, _ in said] == [
        ("wallet-issuer-changed", "operator"),
        ("wallet-issuer-changed", "operator"),
        ("wallet-policy-changed", "operator"),
    ]
    assert [what.get("has_one") for _, _, what in said] == [True, False, None]


async def _a_caller(house: House, wallet: Wallet) -> Caller:
    secret = await clients.add_client(house, wallet.id, "norte", tuple(Scope))
    return await clients.client_by_secret(house, wallet, "norte", secret)


async def test_what_a_program_changes_of_its_endpoints_is_on_record_without_the_address(
    house: House, wallet: Wallet
) -> None:
    caller = await _a_caller(house, wallet)
    new = NewEndpoint(url=HOOK, events=None, description="our own words")
    made = await webhooks.add_endpoint(house, wallet, caller, new, loopback=False, request=None)
    key = made.endpoint.id

    async def change(**said: Any) -> None:
        await webhooks.change_endpoint(
            house, wallet, caller, key, EndpointChange(**said), loopback=False
        )

    await change(url=f"{HOOK}/2")
    await change(description="other words")
    await change(description="other words")
    await change(status=StreamStatus.DISABLED)
    await webhooks.renew_secret(house, wallet, caller, key, request=None)
    await webhooks.end_endpoint(house, wallet, caller, key)

    said = (await told(house, wallet))[1:]

    assert [event for event, _, _ in said] == [
        *("stream-made", "stream-changed", "stream-changed", "stream-status-set"),
        *("stream-secret-renewed", "stream-ended"),
    ]
    assert {kind for _, kind, _ in said} == {"wallet"}
    assert [what.get("moved") for _, _, what in said][1:3] == [True, False]
    assert said[3][2]["status"] == "disabled"
    assert {what["stream_id"] for _, _, what in said} == {str(key)}
    for secret in ("hooks.norte", "words", made.secret):
        assert secret not in str(said)


async def test_what_a_program_changes_of_its_streams_is_on_record(
    house: House, wallet: Wallet
) -> None:
    account = await cast.olga(house, wallet)
    caller = await _a_caller(house, wallet)
    stream = await ssf_streams.make_stream(house, wallet, caller, Receiver(), request=None)
    name = str(stream.id)
    push = Receiver(kind=StreamKind.PUSH, url=HOOK, authorization="Bearer secret")
    await ssf_streams.change_stream(house, wallet, caller, name, Change(told=push, replaces=False))
    subject = {"format": "iss_sub", "iss": wallet.origin, "sub": cast.OLGA}
    for added in (False, True):
        await ssf_subjects.choose(house, wallet, caller, name, subject=subject, added=added)
    await ssf_status.set_status(
        house, wallet, caller, name, status=StreamStatus.PAUSED, reason="we move house"
    )
    await ssf_streams.delete_stream(house, wallet, caller, name)

    said = [one for one in await told(house, wallet) if one[0].startswith("stream")]

    assert [event for event, _, _ in said] == [
        *("stream-made", "stream-changed", "stream-subject-chosen", "stream-subject-chosen"),
        *("stream-status-set", "stream-ended"),
    ]
    assert said[1][2]["moved"]
    assert [what["about_id"] for event, _, what in said if "subject" in event] == [
        str(account.id)
    ] * 2
    for secret in ("hooks.norte", "Bearer", "house"):
        assert secret not in str(said)


async def test_a_client_that_ends_takes_its_streams_with_it_by_the_operators_hand(
    house: House, wallet: Wallet
) -> None:
    caller = await _a_caller(house, wallet)
    await ssf_streams.make_stream(house, wallet, caller, Receiver(), request=None)

    await clients_by_hand.end_client(house, "norte")

    ended = [(event, kind) for event, kind, _ in (await told(house, wallet))[2:]]
    assert ended == [("stream-ended", "operator"), ("client-ended", "operator")]
