"""The wallet has proved anew who the owner is: a fact for the agents, and no release."""

from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncConnection

from domain import tickets
from domain.accounts import Account
from domain.events import Actor
from domain.ids import ProofId
from domain.refusals import AccountNotFrozen, NotFound
from domain.tickets import Proof, ProofKind, Ticket
from domain.wallets import Wallet
from service.operations import evidence_on_file, freezing
from service.operations.addresses import plain_text
from service.operations.disputes import owner_key
from service.operations.house import House
from service.operations.idempotency import Request, remember, replay
from service.security.encryption import Place
from service.security.tokens import new_id
from service.storage import load
from service.storage.keychain import Opener, find_key
from service.storage.rows import clock
from service.storage.together import Step, keep_all, saving

LONGEST_REFERENCE: Final = 200


class ToldProof(Struct, frozen=True, kw_only=True):
    """What the wallet did, how well, and under which name it can be looked up there."""

    kind: ProofKind
    level: str
    performed_at: datetime
    reference: str


async def record(
    house: House,
    wallet: Wallet,
    subject: str,
    told: ToldProof,
    *,
    by: Actor,
    request: Request,
) -> Proof:
    """Write it down on the open ticket. It voids a proposal that waits: the evidence changed.

    The same reference again is the same proof, whatever else is said of it; the first stands.
    Raises NotFound, AccountNotFrozen, LevelNotCounted, PerformedBeforeFreeze, PerformedInFuture,
    and KeyReused for the caller's Idempotency-Key in `request`.
    """
    async with house.engine.begin() as db:
        account = await load.account_by_subject(db, wallet.id, subject, for_change=True)
        if account is None:
            raise NotFound
        ticket = await load.open_loss_ticket_for_change(db, wallet.id, account.id)
        wallet_key = await find_key(db, house.keys, wallet.data_key_id)
        if (before := await replay(db, wallet_key, request)) is not None:
            return await load.proof(db, wallet.id, ProofId(UUID(before)))
        if ticket is None or not account.is_frozen:
            raise AccountNotFrozen
        known = await load.proofs_of(db, wallet.id, ticket.id)
        proof = await _same(db, house, known, told)
        if proof is None:
            proof = await _new(db, house, account, ticket, told)
            await _keep(db, wallet, account, ticket, proof, by=by)
        await remember(db, wallet_key, request, str(proof.id))
        return proof


async def _same(
    db: AsyncConnection, house: House, known: tuple[Proof, ...], told: ToldProof
) -> Proof | None:
    """What the wallet recorded under this reference before."""
    theirs = [proof for proof in known if proof.recorded_by is None and proof.level is not None]
    opener = await Opener.for_values(db, house.keys, (proof.source for proof in theirs))
    reference = _plain(told)
    return next(
        (p for p in theirs if opener.open(_place(p.id), p.source) == reference),
        None,
    )


async def _new(
    db: AsyncConnection, house: House, account: Account, ticket: Ticket, told: ToldProof
) -> Proof:
    proof_id = ProofId(new_id())
    key = await owner_key(db, house, account)
    return Proof(
        id=proof_id,
        wallet_id=ticket.wallet_id,
        ticket_id=ticket.id,
        kind=told.kind,
        performed_at=told.performed_at,
        recorded_by=None,
        recorded_at=await clock(db),
        source=key.seal(_place(proof_id), _plain(told)),
        level=told.level,
    )


async def _keep(
    db: AsyncConnection,
    wallet: Wallet,
    account: Account,
    ticket: Ticket,
    proof: Proof,
    *,
    by: Actor,
) -> None:
    now = proof.recorded_at
    proved = tickets.prove_again(
        ticket,
        proof,
        account=account,
        on=await evidence_on_file.grounds(db, wallet, ticket, now=now),
        clocks_differ=wallet.policy.sign_ins.clocks_differ,
        now=now,
    )
    pending = await load.pending_proposal(db, wallet.id, ticket.id)
    voided = freezing.proposal_voided(pending, ticket, now=now)
    await keep_all(db, wallet.id, (*voided, saving(None, proof), Step(ticket, proved)), by=by)


def _plain(told: ToldProof) -> str:
    return plain_text(told.reference, longest=LONGEST_REFERENCE)


def _place(proof_id: ProofId) -> Place:
    return Place("proofs", "source", proof_id)
