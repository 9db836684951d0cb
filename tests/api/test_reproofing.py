"""The wallet proves anew who the owner is: recorded once, counted if it counts, never a release."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from litestar import Litestar
from msgspec.structs import replace
from sqlalchemy import select

from domain.ids import TicketId
from domain.policy import Policy, TicketPolicy
from domain.refusals import LevelNotCounted
from domain.tickets import Proof, ProofKind, ReleaseReason
from domain.wallets import Wallet
from service.operations import desk, proofs_by_wallet, tickets
from service.operations.house import House
from service.operations.idempotency import Request
from service.operations.proofs_by_wallet import ToldProof
from service.storage.tables import outbox, proofs
from service.storage.tables import tickets as tickets_table
from service.storage.values import Scope
from tests import people as cast
from tests import proving
from tests.api.backends import Backend, backend_of, frozen
from tests.fault.power_cuts import what_is_stored

pytestmark = pytest.mark.anyio
PATH = f"/v1/accounts/{cast.OLGA}/proofs"
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
async def _frozen(house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet)
    await frozen(house, wallet)


def written(instant: datetime) -> str:
    return instant.isoformat()


async def a_proof(house: House, **other: object) -> dict[str, object]:
    await cast.move_clock(house, timedelta(seconds=2))
    return {
        "kind": "wallet-reproofing",
        "level": "ial2",
        "performed_at": written(await cast.now(house)),
        "reference": "kyc-117",
        **other,
    }


async def tell(
    backend: Backend, body: object, *, key: str = "one", path: str = PATH
) -> httpx.Response:
    return await backend.call("POST", path, body, more={"Idempotency-Key": key})


async def the_ticket(house: House) -> Any:
    async with house.engine.connect() as db:
        return (await db.execute(select(tickets_table))).one()


@pytest.mark.usefixtures("_frozen")
async def test_a_proof_is_recorded_on_the_open_ticket_and_releases_nothing(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    body = await a_proof(house)

    answer = await tell(norte, body)

    assert answer.status_code == 201
    told = answer.json()
    assert (told["kind"], told["level"]) == ("wallet-reproofing", "ial2")
    assert datetime.fromisoformat(told["performed_at"]) == datetime.fromisoformat(
        str(body["performed_at"])
    )
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    seen = await desk.see_ticket(house, TicketId((await the_ticket(house)).id), astrid)
    (proof,) = seen.proofs
    assert (proof.kind, proof.source, proof.level) == ("wallet-reproofing", "kyc-117", "ial2")
    assert (proof.recorded_by, seen.proofs_are_enough) == ("", False)
    assert (seen.ticket.evidence_version, seen.ticket.is_open) == (1, True)
    state = await norte.call("GET", f"/v1/accounts/{cast.OLGA}/freeze-state")
    assert state.json()["state"] == "frozen"
    assert "kyc-117" not in str(await what_is_stored(house))


@pytest.mark.usefixtures("_frozen")
async def test_with_a_proof_of_another_kind_it_is_enough_and_two_agents_decide(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    ticket_id = TicketId((await the_ticket(house)).id)
    await proving.code_entered(house, wallet, ticket_id, astrid)

    await tell(norte, await a_proof(house))

    seen = await desk.see_ticket(house, ticket_id, astrid)
    assert (seen.proofs_are_enough, seen.ticket.stage) == (True, "proved")
    assert seen.ticket.is_open


@pytest.mark.usefixtures("_frozen")
async def test_a_proposal_that_waits_is_void_because_the_evidence_changed(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    astrid = await cast.an_agent(house, wallet, "astrid", 2)
    ticket_id = TicketId((await the_ticket(house)).id)
    await proving.proved(house, wallet, ticket_id, astrid)
    await tickets.propose_release(house, ticket_id, reason=ReleaseReason.OWNER_SAFE, by=astrid)

    await tell(norte, await a_proof(house))

    assert (await desk.see_ticket(house, ticket_id, astrid)).proposal is None
    async with house.engine.connect() as db:
        assert "proposal-voided" in list(await db.scalars(select(outbox.c.event)))


@pytest.mark.usefixtures("_frozen")
async def test_the_same_reference_again_is_the_same_proof(norte: Backend, house: House) -> None:
    first = await tell(norte, await a_proof(house))

    second = await tell(norte, await a_proof(house, level="ial3"), key="two")
    other = await tell(norte, await a_proof(house, reference="kyc-118"), key="three")

    assert (second.status_code, second.json()) == (201, first.json())
    assert other.json()["id"] != first.json()["id"]
    async with house.engine.connect() as db:
        assert len((await db.execute(select(proofs.c.id))).all()) == 2
    assert (await the_ticket(house)).evidence_version == 2


@pytest.mark.usefixtures("_frozen")
async def test_a_repeated_key_gets_the_first_answer(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    body = await a_proof(house)
    first = await tell(norte, body)
    await cast.released(house, wallet)

    again = await tell(norte, body)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await tell(norte, {**body, "reference": "kyc-118"})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert (await norte.call("POST", PATH, body)).status_code == 400


@pytest.mark.usefixtures("_frozen")
async def test_only_since_the_freeze_and_not_in_the_future(norte: Backend, house: House) -> None:
    state = await norte.call("GET", f"/v1/accounts/{cast.OLGA}/freeze-state")
    frozen_at = datetime.fromisoformat(state.json()["sessions_void_before"])
    a_moment = timedelta(microseconds=1)
    now = await cast.now(house)

    for at, code in (
        (frozen_at, "performed-before-freeze"),
        (now + A_MINUTE + timedelta(seconds=30), "performed-in-future"),
    ):
        refused = await tell(norte, await a_proof(house, performed_at=written(at)))
        assert (refused.status_code, refused.json()["code"]) == (409, code)
    for n, at in enumerate((frozen_at + a_moment, now + A_MINUTE)):
        body = await a_proof(house, performed_at=written(at), reference=f"kyc-{n}")
        assert (await tell(norte, body, key=f"good-{n}")).status_code == 201


@pytest.mark.usefixtures("_frozen")
async def test_only_levels_that_the_wallet_counts(norte: Backend, house: House) -> None:
    weak = await tell(norte, await a_proof(house, level="ial1"))
    assert (weak.status_code, weak.json()["code"]) == (409, "level-not-counted")
    assert (await the_ticket(house)).evidence_version == 0


async def test_which_levels_count_is_the_wallets_to_say(house: House, wallet: Wallet) -> None:
    await cast.olga(house, wallet)
    await frozen(house, wallet)
    await cast.move_clock(house, A_MINUTE)
    ours = Policy(tickets=TicketPolicy(reproofing_levels=("urn:norte:in-person",)))

    async def told(level: str) -> Proof:
        proof = ToldProof(
            kind=ProofKind.WALLET_REPROOFING,
            level=level,
            performed_at=await cast.now(house),
            reference="kyc-117",
        )
        return await proofs_by_wallet.record(
            house,
            replace(wallet, policy=ours),
            cast.OLGA,
            proof,
            by=cast.THE_WALLET,
            request=Request(wallet_id=wallet.id, caller="kyc", route="proofs", key=level, body=b""),
        )

    with pytest.raises(LevelNotCounted):
        await told("ial2")
    assert (await told("urn:norte:in-person")).level == "urn:norte:in-person"


async def test_without_a_freeze_there_is_nothing_to_prove(
    norte: Backend, house: House, wallet: Wallet
) -> None:
    body = await a_proof(house)
    assert (await tell(norte, body)).status_code == 404

    await cast.olga(house, wallet)
    refused = await tell(norte, body)

    assert (refused.status_code, refused.json()["code"]) == (409, "account-not-frozen")
    assert refused.json()["detail"]


@pytest.mark.usefixtures("_frozen")
async def test_the_scope_and_the_wallet_are_needed(
    app: Litestar, norte: Backend, sur: Backend, house: House, wallet: Wallet
) -> None:
    body = await a_proof(house)
    others = tuple(scope for scope in Scope if scope is not Scope.PROOFS)
    async with backend_of(app, house, wallet, client_id="others", scopes=others) as without:
        refused = await tell(without, body)
        assert (refused.status_code, refused.json()["code"]) == (403, "scope-missing")
    assert (await tell(sur, body)).status_code == 404
    async with backend_of(app, house, wallet, client_id="kyc", scopes=(Scope.PROOFS,)) as kyc:
        assert (await tell(kyc, body)).status_code == 201


@pytest.mark.usefixtures("_frozen")
@pytest.mark.parametrize(
    ("member", "wrong"),
    [
        ("kind", "owner-code"),
        ("level", ""),
        ("level", "two words"),
        ("level", "l" * 41),
        ("performed_at", "2026-01-01T00:00:00"),
        ("reference", ""),
        ("reference", "   "),
        ("reference", "r" * 201),
        ("reference", "a\nb"),
    ],
)
async def test_what_is_not_of_the_form_is_refused(
    norte: Backend, house: House, member: str, wrong: object
) -> None:
    answer = await tell(norte, await a_proof(house, **{member: wrong}))

    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.json()["errors"]] == [f"/{member}"]
