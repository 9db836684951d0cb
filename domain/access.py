"""Who may do what in the console. Levels are cumulative; officer only approves, auditor reads."""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.ids import AgentId, KeyId, WalletId
from domain.refusals import LevelTooLow, TooNewToApprove

REACHES_OWNER: Final = 1
PROPOSES: Final = 2
APPROVES: Final = 3
SUPERVISES: Final = 4


class Role(StrEnum):
    AGENT = "agent"
    OFFICER = "officer"
    AUDITOR = "auditor"


class Agent(Struct, frozen=True, kw_only=True):
    id: AgentId
    # The name typed at sign-in; unique in the installation.
    login: str
    name: bytes
    data_key_id: KeyId
    role: Role = Role.AGENT
    level: int
    wallets: tuple[WalletId, ...]
    language: str
    password_hash: str
    totp_secret: bytes
    # The last accepted time step, so that a code never works twice.
    totp_step: int = 0
    can_approve_from: datetime
    created_at: datetime
    ended_at: datetime | None = None
    # Sees the tickets of owners who do not feel safe with their own people.
    trained_for_safety: bool = False
    # The languages of owners they speak to; none said: any.
    speaks: tuple[str, ...] = ()
    serves_losses: bool = True
    row_version: int = 1

    def serves(self, wallet_id: WalletId) -> bool:
        return wallet_id in self.wallets and self.ended_at is None


def require_level(agent: Agent, level: int) -> None:
    """The agent works on tickets and stands at this level or above."""
    if agent.ended_at is not None or agent.role is not Role.AGENT or agent.level < level:
        raise LevelTooLow


def reads_record(agent: Agent) -> bool:
    """The journal of the wallets they serve: auditors, and whoever supervises."""
    if agent.ended_at is not None:
        return False
    return agent.role is Role.AUDITOR or (agent.role is Role.AGENT and agent.level >= SUPERVISES)


def require_record_reader(agent: Agent) -> None:
    if not reads_record(agent):
        raise LevelTooLow


def require_approver(agent: Agent, now: datetime) -> None:
    """Level 3 or officer, and not made or reset within the last 24 hours."""
    if agent.role is not Role.OFFICER:
        require_level(agent, APPROVES)
    if agent.ended_at is not None:
        raise LevelTooLow
    if now < agent.can_approve_from:
        raise TooNewToApprove
