"""The wallet tells that it has proved anew who the owner is."""

from datetime import datetime
from typing import Annotated, Any, Literal

from litestar import Request, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from domain.ids import ProofId
from domain.tickets import Proof, ProofKind
from domain.wallets import Wallet
from service import openapi
from service.api.bodies import ApiRequest
from service.api.callers import REFUSALS, needs, the_caller
from service.api.repeating import repeatable
from service.api.shapes import Instant, NeededIdempotencyKey, SubjectInPath, in_utc, plausible
from service.operations import proofs_by_wallet
from service.operations.clients import Caller
from service.operations.house import House
from service.operations.proofs_by_wallet import LONGEST_REFERENCE, ToldProof
from service.storage.values import Scope

# What only a wallet can see; the other kinds are seen by agents, or by this service itself.
Kind = Literal["wallet-reproofing"]
# Something visible, and no control character: two references that look alike are the same one.
_VISIBLE = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\ufffd])\s*\S"


class NewProof(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A proof of identity that the wallet performed, with where it can be looked up there."""

    kind: Kind
    level: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=40,
            pattern=r"^[\u0021-\u007e]+(?![\s\S])",
            description="In the wallet's own words; its settings list those that count.",
            examples=["ial2"],
        ),
    ]
    performed_at: Annotated[
        Instant, Meta(description="Later than the freeze, and not in the future.")
    ]
    reference: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=LONGEST_REFERENCE,
            pattern=_VISIBLE,
            description=(
                "The wallet's own name for it, for a second person to look up; sealed. The same "
                "reference again is the same proof."
            ),
            examples=["kyc-2026-000117"],
        ),
    ]

    def __post_init__(self) -> None:
        plausible(self.performed_at)

    def told(self) -> ToldProof:
        return ToldProof(
            kind=ProofKind(self.kind),
            level=self.level,
            performed_at=in_utc(self.performed_at),
            reference=self.reference,
        )


class ProofAnswer(Struct, frozen=True, kw_only=True):
    """As it was recorded first. Whether it is enough, two agents decide."""

    id: ProofId
    kind: Kind
    level: str
    performed_at: datetime
    recorded_at: datetime

    @classmethod
    def of(cls, proof: Proof) -> "ProofAnswer":
        return cls(
            id=proof.id,
            kind="wallet-reproofing",
            level=proof.level or "",
            performed_at=in_utc(proof.performed_at),
            recorded_at=in_utc(proof.recorded_at),
        )


@post(
    "/v1/accounts/{subject:str}/proofs",
    responses=openapi.problems_at(400, 401, 403, 404, 409, 413, 415, 422, 429),
    response_description="Recorded, now or before",
)
async def record_proof(
    *,
    request: Request[Any, Any, Any],
    subject: SubjectInPath,
    data: JSONBody[NewProof],
    house: NamedDependency[House],
    wallet: NamedDependency[Wallet],
    caller: NamedDependency[Caller],
    idempotency_key: NeededIdempotencyKey,
) -> ProofAnswer:
    """Record on the open ticket of a frozen account that identity was proved anew.

    It is one of the two proofs that a release needs; a proposal that waits for approval is void,
    because the evidence changed. It releases nothing.

    409 `account-not-frozen`, `performed-before-freeze`, `performed-in-future`, `level-not-counted`.
    """
    proof = await proofs_by_wallet.record(
        house,
        wallet,
        subject,
        data.told(),
        by=caller.actor,
        request=repeatable(request, wallet, caller, idempotency_key, await request.body()),
    )
    return ProofAnswer.of(proof)


PROOFS = Router(
    path="/",
    route_handlers=[record_proof],
    guards=[needs(Scope.PROOFS)],
    dependencies={"caller": Provide(the_caller, sync_to_thread=False)},
    request_class=ApiRequest,
    exception_handlers=REFUSALS,
    security=[{openapi.TOKEN: [Scope.PROOFS]}],
    tags=["freezing"],
)
