"""What people and the clock do with a contact, by the rules themselves, with an ordinary rest."""

from datetime import datetime
from typing import Final

from domain import contacts
from domain.contacts import Contact, Ending
from domain.policy import ContactPolicy
from tests.builders import NOON, an_account, arne

POLICY: Final = ContactPolicy()


def invited(
    invitation: Contact,
    *others: Contact,
    own_addresses: frozenset[bytes] = frozenset(),
    sent_there: tuple[datetime, ...] = (),
    now: datetime = NOON,
) -> Contact:
    return contacts.invite(
        invitation,
        account=an_account(),
        others=others,
        own_addresses=own_addresses,
        sent_there=sent_there,
        policy=POLICY,
        now=now,
    ).value


def accepted(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.accept(
        contact,
        account=an_account(),
        policy=POLICY,
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
    return contacts.take_back(contact, account=an_account(), now=now).value


def removed(contact: Contact, now: datetime = NOON, *others: Contact) -> Contact:
    return contacts.begin_removal(
        contact, account=an_account(), others=others, policy=POLICY, now=now
    ).value


def kept(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.stay(contact, account=an_account(), now=now).value


def settled(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.settle(contact, account=an_account(), now=now).value


def left(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.leave(contact, account=an_account(), now=now).value


def somebody_else(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.not_this_person(contact, account=an_account(), now=now).value


def removed_for_safety(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.remove_for_safety(contact, now=now).value


def suspended(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.suspend(contact, account=an_account(), now=now).value


def reinstated(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.reinstate(contact, account=an_account(), by=arne(), now=now).value


def ended(contact: Contact, now: datetime = NOON) -> Contact:
    return contacts.end(contact, because=Ending.ERASED, now=now).value
