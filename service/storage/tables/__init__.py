"""Every table but the outbox's. A value's fields are its table's columns.

Constraints say what no code may get wrong: five places, one open loss ticket, one holder of
an address, one pending proposal. A table stands in the module of its subject, and is imported
from here: whoever needs one table has all of them, and their foreign keys find each other.
"""

from sqlalchemy import DateTime, func

from notifications.tables import deliveries, outbox
from notifications.tables import metadata as notifications_metadata
from service.storage.tables.backends import (
    access_tokens,
    api_clients,
    client_keys,
    idempotency_keys,
    used_assertions,
)
from service.storage.tables.browsers import browser_sessions, challenges, page_links
from service.storage.tables.columns import metadata
from service.storage.tables.counts import limits
from service.storage.tables.desk import agent_addresses, agents, proofs, proposals
from service.storage.tables.installation import data_keys, wallets
from service.storage.tables.judgement import attempts, disputes, false_reports, verdicts
from service.storage.tables.losses import loss_reports, tickets, wallet_reports
from service.storage.tables.owners import account_addresses, accounts, devices, wallet_sessions
from service.storage.tables.people import contacts, person_addresses, persons
from service.storage.tables.record import journal, sealing, seals
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

__all__ = [
    "access_tokens",
    "account_addresses",
    "accounts",
    "agent_addresses",
    "agents",
    "api_clients",
    "attempts",
    "authenticators",
    "browser_sessions",
    "challenges",
    "client_keys",
    "contacts",
    "data_keys",
    "deliveries",
    "devices",
    "disputes",
    "drills",
    "erasures",
    "false_reports",
    "hints",
    "idempotency_keys",
    "journal",
    "left_hints",
    "limits",
    "loss_reports",
    "metadata",
    "new_addresses",
    "notifications_metadata",
    "now",
    "outbox",
    "page_links",
    "person_addresses",
    "persons",
    "proofs",
    "proposals",
    "recovery_codes",
    "recovery_tries",
    "safety_notes",
    "sealing",
    "seals",
    "signals",
    "stream_subjects",
    "streams",
    "suppressed_addresses",
    "tickets",
    "used_assertions",
    "verdicts",
    "wallet_reports",
    "wallet_sessions",
    "wallets",
]

# `resguardo_clock()`: the one clock of every rule and every query.
now = func.resguardo_clock(type_=DateTime(timezone=True))
