"""Every table but the outbox's. A value's fields are its table's columns.

Constraints say what no code may get wrong: five places, one open loss ticket, one holder of
an address, one pending proposal. A table stands in the module of its subject, and is imported
from here: whoever needs one table has all of them, and their foreign keys find each other.
"""

from sqlalchemy import DateTime, func

from notifications.tables import deliveries, outbox
from notifications.tables import metadata as notifications_metadata
from service.storage.tables.agents_door import agent_codes, agent_passkeys, passkey_challenges
from service.storage.tables.backends import (
    access_tokens,
    api_clients,
    client_keys,
    idempotency_keys,
    used_assertions,
)
from service.storage.tables.browsers import browser_sessions, challenges, page_links
from service.storage.tables.clocks import clock_events, on_call_persons, rings
from service.storage.tables.columns import metadata
from service.storage.tables.counts import limits
from service.storage.tables.decisions import client_mistakes, mistaken_freezes, release_reviews
from service.storage.tables.desk import agent_addresses, agents, proofs, proposals
from service.storage.tables.evidence import checks, owner_codes
from service.storage.tables.help_desks import external_stages
from service.storage.tables.installation import data_keys, wallets
from service.storage.tables.judgement import attempts, disputes, false_reports, verdicts
from service.storage.tables.looking import refused_tries, reveals
from service.storage.tables.losses import loss_reports, tickets, wallet_reports
from service.storage.tables.owners import account_addresses, accounts, devices, wallet_sessions
from service.storage.tables.people import contacts, person_addresses, persons
from service.storage.tables.queue import presences, skips
from service.storage.tables.record import journal, journal_checks, sealing, seals
from service.storage.tables.recovery import hints, left_hints, recovery_codes, recovery_tries
from service.storage.tables.rehearsals import drills
from service.storage.tables.safety import safety_notes
from service.storage.tables.space import (
    authenticators,
    erasures,
    new_addresses,
    suppressed_addresses,
)
from service.storage.tables.streams import signals, stream_subjects, streams
from service.storage.tables.work import ticket_messages, ticket_notes

__all__ = [
    "access_tokens",
    "account_addresses",
    "accounts",
    "agent_addresses",
    "agent_codes",
    "agent_passkeys",
    "agents",
    "api_clients",
    "attempts",
    "authenticators",
    "browser_sessions",
    "challenges",
    "checks",
    "client_keys",
    "client_mistakes",
    "clock_events",
    "contacts",
    "data_keys",
    "deliveries",
    "devices",
    "disputes",
    "drills",
    "erasures",
    "external_stages",
    "false_reports",
    "hints",
    "idempotency_keys",
    "journal",
    "journal_checks",
    "left_hints",
    "limits",
    "loss_reports",
    "metadata",
    "mistaken_freezes",
    "new_addresses",
    "notifications_metadata",
    "now",
    "on_call_persons",
    "outbox",
    "owner_codes",
    "page_links",
    "passkey_challenges",
    "person_addresses",
    "persons",
    "presences",
    "proofs",
    "proposals",
    "recovery_codes",
    "recovery_tries",
    "refused_tries",
    "release_reviews",
    "reveals",
    "rings",
    "safety_notes",
    "sealing",
    "seals",
    "signals",
    "skips",
    "stream_subjects",
    "streams",
    "suppressed_addresses",
    "ticket_messages",
    "ticket_notes",
    "tickets",
    "used_assertions",
    "verdicts",
    "wallet_reports",
    "wallet_sessions",
    "wallets",
]

# `resguardo_clock()`: the one clock of every rule and every query.
now = func.resguardo_clock(type_=DateTime(timezone=True))
