"""Agents."""

from domain.events.event import Event
from domain.ids import AgentId


class AgentAdded(Event, frozen=True, kw_only=True):
    agent_id: AgentId


class AgentSignedIn(Event, frozen=True, kw_only=True):
    agent_id: AgentId
