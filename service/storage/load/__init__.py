"""Reading values. The wallet is the first condition of every query.

`…_for_change` functions lock the row until the transaction ends. Locks are always taken in the
same order: account, contact, report, ticket. Called as `load.…`, whatever module they stand in.
"""

from service.storage.load.accounts import (
    account,
    account_by_subject,
    account_for_change,
    accounts_at_address,
    accounts_with,
    addresses_of,
    count_sessions_ended,
    device_by_name,
    devices_of,
    session_by_token,
    sessions_after,
    sessions_of,
)
from service.storage.load.agents import agent, agent_by_login, agent_for_change, agents_named
from service.storage.load.browsers import challenge_of
from service.storage.load.contacts import (
    contact,
    contact_by_link,
    contact_for_change,
    contacts_at,
    contacts_of,
    contacts_of_address,
    contacts_with,
    overdue_contacts,
)
from service.storage.load.journal import journal_of, last_seal, unexplained_accounts
from service.storage.load.people import holder_of, person
from service.storage.load.recovery import (
    hints_of,
    recovery_code_by_mark,
    recovery_code_for_change,
    recovery_codes_of,
)
from service.storage.load.reports import (
    report,
    report_for_change,
    reports_by,
    reports_of,
    reports_on,
)
from service.storage.load.tickets import (
    open_loss_ticket_for_change,
    open_tickets,
    pending_proposal,
    proofs_of,
    ticket,
    ticket_anywhere,
    ticket_by_reference,
    ticket_for_change,
)
from service.storage.load.wallets import all_wallets, wallet

__all__ = [
    "account",
    "account_by_subject",
    "account_for_change",
    "accounts_at_address",
    "accounts_with",
    "addresses_of",
    "agent",
    "agent_by_login",
    "agent_for_change",
    "agents_named",
    "all_wallets",
    "challenge_of",
    "contact",
    "contact_by_link",
    "contact_for_change",
    "contacts_at",
    "contacts_of",
    "contacts_of_address",
    "contacts_with",
    "count_sessions_ended",
    "device_by_name",
    "devices_of",
    "hints_of",
    "holder_of",
    "journal_of",
    "last_seal",
    "open_loss_ticket_for_change",
    "open_tickets",
    "overdue_contacts",
    "pending_proposal",
    "person",
    "proofs_of",
    "recovery_code_by_mark",
    "recovery_code_for_change",
    "recovery_codes_of",
    "report",
    "report_for_change",
    "reports_by",
    "reports_of",
    "reports_on",
    "session_by_token",
    "sessions_after",
    "sessions_of",
    "ticket",
    "ticket_anywhere",
    "ticket_by_reference",
    "ticket_for_change",
    "unexplained_accounts",
    "wallet",
]
