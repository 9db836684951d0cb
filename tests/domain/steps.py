"""What people do with an invitation, by the rules themselves and with an ordinary rest."""

from datetime import datetime
from typing import Final

from domain import contacts
from domain.contacts import Contact
from domain.policy import ContactPolicy
from tests.builders import NOON, an_account

POLICY: Final = ContactPolicy()


def invited(
    invitation: Contact,
    *others: Contact,
    own_addresses: frozenset[bytes] = frozenset(),
    now: datetime = NOON,
) -> Contact:
    return contacts.invite(
        invitation, account=an_account(), others=others, own_addresses=own_addresses, now=now
    ).value


def accepted(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.accept(
        contact,
        account=an_account(),
        text_version="2026-11",
        language="pt-BR",
        link_sha256=b"personal link",
        now=now,
    ).value


def declined(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.decline(contact, now=now).value


def lapsed(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.lapse(contact, now=now).value


def taken_back(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.take_back(contact, account=an_account(), policy=POLICY, now=now).value
