"""Agents: made, changed and ended by the operator; what they sign in with."""

from datetime import datetime

from domain.events.event import Event
from domain.ids import AgentId, PasskeyId


class AgentAdded(Event, frozen=True, kw_only=True):
    agent_id: AgentId


class AgentChanged(Event, frozen=True, kw_only=True):
    """What they may do afterwards. Whom they serve stands in their row."""

    agent_id: AgentId
    level: int
    role: str
    can_approve_from: datetime


class AgentReset(Event, frozen=True, kw_only=True):
    """New password and authenticator; passkeys, recovery codes and sessions ended."""

    agent_id: AgentId
    can_approve_from: datetime


class AgentEnded(Event, frozen=True, kw_only=True):
    agent_id: AgentId


class AgentSignedIn(Event, frozen=True, kw_only=True):
    agent_id: AgentId


class PasskeyAdded(Event, frozen=True, kw_only=True):
    agent_id: AgentId
    passkey_id: PasskeyId


class PasskeyUsed(Event, frozen=True, kw_only=True):
    agent_id: AgentId
    passkey_id: PasskeyId


class PasskeyEnded(Event, frozen=True, kw_only=True):
    agent_id: AgentId
    passkey_id: PasskeyId


class AgentCodesMade(Event, frozen=True, kw_only=True):
    """Recovery codes; those before them are worth nothing any more."""

    agent_id: AgentId
    codes: int


class AgentCodeUsed(Event, frozen=True, kw_only=True):
    agent_id: AgentId
    left: int
