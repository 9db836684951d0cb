"""Invitations are not a weapon; and whoever replaces somebody waits for the place."""

from datetime import datetime, timedelta

import pytest

from domain import contacts
from domain.contacts import DECLINED, INVITED, SUSPENDED, Contact
from domain.events import ContactInvited, InvitationReady, InvitationSentAgain
from domain.ids import ContactId
from domain.policy import ContactPolicy
from domain.refusals import (
    AccountIsClosed,
    AccountIsFrozen,
    NoPlaceLeft,
    NotOpen,
    TooMany,
    TooSoon,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    CARL,
    CLEO,
    NOON,
    OLGAS,
    a_closing_account,
    a_contact,
    a_contact_who_leaves,
    a_frozen_account,
    an_account,
    an_invitation,
)
from tests.domain.steps import POLICY, declined, invited

MONTH = timedelta(days=30)


def sent_again(contact: Contact, *others: Contact, now: datetime = NOON) -> Contact:
    return contacts.send_again(
        contact,
        account=an_account(),
        others=(contact, *others),
        sent_there=contact.sent_at,
        link_sha256=b"new link",
        policy=POLICY,
        now=now,
    ).value


def place_for(*others: Contact, now: datetime = NOON) -> int | None:
    return contacts.place_for(others, account=an_account(), policy=POLICY, now=now)


def gone(*sent_at: datetime) -> Contact:
    """Of the past, and of another address."""
    return a_contact(
        id=CLEO, status=contacts.LEFT, place=None, address_index=b"cleo", sent_at=sent_at
    )


def test_an_owner_sends_ten_in_thirty_days_whoever_they_were_for() -> None:
    sent = tuple(NOON - A_DAY * day for day in range(10))
    free_from = sent[-1] + MONTH

    invited(an_invitation(), gone(*sent[:9]))
    with pytest.raises(TooMany) as refusal:
        invited(an_invitation(), gone(*sent), now=free_from - A_MOMENT)
    assert refusal.value.retry_at == free_from
    assert refusal.value.refused_at == free_from - A_MOMENT
    invited(an_invitation(), gone(*sent), now=free_from)


def test_an_address_gets_three_in_thirty_days_whoever_sends_them() -> None:
    there = (NOON - 3 * A_DAY, NOON - 2 * A_DAY, NOON - A_DAY)
    free_from = there[0] + MONTH

    invited(an_invitation(), sent_there=there[1:])
    with pytest.raises(TooMany) as refusal:
        invited(an_invitation(), sent_there=there, now=free_from - A_MOMENT)
    assert refusal.value.retry_at == free_from
    invited(an_invitation(), sent_there=there, now=free_from)


def test_two_sendings_of_one_owner_to_one_address_lie_a_day_apart() -> None:
    before = an_invitation(status=contacts.TAKEN_BACK, place=None, sent_at=(NOON,))
    cleo = an_invitation(id=CLEO, address_index=b"cleo")

    for now in (NOON, NOON + A_DAY - A_MOMENT):
        with pytest.raises(TooSoon) as refusal:
            invited(an_invitation(), before, now=now)
        assert (refusal.value.retry_at, refusal.value.refused_at) == (NOON + A_DAY, now)
        invited(cleo, before, now=now)
    invited(an_invitation(), before, now=NOON + A_DAY)


def test_an_invitation_counts_from_the_instant_it_goes_out() -> None:
    assert invited(an_invitation(sent_at=()), now=NOON).sent_at == (NOON,)


def test_an_invitation_is_sent_again_under_a_new_link_with_the_end_it_had() -> None:
    carl = an_invitation(sent_at=(NOON - A_DAY,), lapses_at=NOON + A_MOMENT)

    change = contacts.send_again(
        carl,
        account=an_account(),
        others=(carl,),
        sent_there=carl.sent_at,
        link_sha256=b"new link",
        policy=POLICY,
        now=NOON,
    )

    assert change.value.link_sha256 == b"new link"
    assert change.value.sent_at == (NOON - A_DAY, NOON)
    assert change.value.lapses_at == carl.lapses_at
    assert change.events == (
        InvitationSentAgain(
            account_id=OLGAS,
            contact_id=CARL,
            person_id=carl.person_id,
            lapses_at=carl.lapses_at,
            at=NOON,
        ),
    )
    with pytest.raises(NotOpen):
        sent_again(carl, now=carl.lapses_at)
    with pytest.raises(TooSoon):
        sent_again(carl, now=NOON - A_MOMENT)


def test_a_declined_invitation_looks_as_if_it_were_sent_again_and_gets_no_link() -> None:
    silent = an_invitation(sent_at=(NOON - A_DAY,), lapses_at=NOON + A_DAY)
    private = declined(silent, NOON - A_MOMENT)

    assert sent_again(private).sent_at == sent_again(silent).sent_at
    assert sent_again(private).link_sha256 is None
    for contact in (silent, private):
        with pytest.raises(TooSoon):
            sent_again(sent_again(contact))


def test_what_was_answered_is_not_sent_again() -> None:
    with pytest.raises(NotOpen):
        sent_again(a_contact(sent_at=(NOON - A_DAY,)))


def test_nothing_is_sent_for_a_frozen_or_closed_account() -> None:
    carl = an_invitation(sent_at=())
    waiting = an_invitation(place=None)
    for account, refusal in (
        (a_frozen_account(), AccountIsFrozen),
        (a_closing_account(at=NOON), AccountIsClosed),
    ):
        with pytest.raises(refusal):
            contacts.send_again(
                carl,
                account=account,
                others=(),
                sent_there=(),
                link_sha256=b"",
                policy=POLICY,
                now=NOON,
            )
        with pytest.raises(refusal):
            contacts.invite(
                carl,
                account=account,
                others=(),
                own_addresses=frozenset(),
                sent_there=(),
                policy=POLICY,
                now=NOON,
            )
        with pytest.raises(refusal):
            contacts.give_place(waiting, account=account, place=1, policy=POLICY, now=NOON)
        with pytest.raises(refusal):
            contacts.accept(
                carl,
                account=account,
                policy=POLICY,
                text_version="",
                language="es",
                link_sha256=b"",
                now=NOON,
            )
    contacts.invite(
        carl,
        account=a_closing_account(at=NOON + A_MOMENT),
        others=(),
        own_addresses=frozenset(),
        sent_there=(),
        policy=POLICY,
        now=NOON,
    )


def test_an_overdue_contact_holds_no_place_even_when_the_job_is_late() -> None:
    leaving, cleo = a_contact_who_leaves(at=NOON, place=1), a_contact(id=CLEO, place=2)

    def free(now: datetime) -> int:
        return contacts.free_place((leaving, cleo), account=an_account(), policy=POLICY, now=now)

    assert free(NOON - A_MOMENT) == 3
    assert free(NOON) == 1


# Replacements ---------------------------------------------------------------------------------

FULL = tuple(a_contact(id=ContactId(CARL), place=place) for place in range(1, 5))


def waiting(**changes: object) -> Contact:
    return an_invitation(place=None, **changes)


def test_a_replacement_may_be_invited_for_each_contact_on_the_way_out_and_no_more() -> None:
    leaving = a_contact_who_leaves(at=NOON, place=5)
    fifth = a_contact(place=5)

    assert place_for(*FULL[1:], leaving) == 1
    assert place_for(*FULL, leaving, now=NOON - A_MOMENT) is None
    with pytest.raises(NoPlaceLeft):
        place_for(*FULL, leaving, waiting(), now=NOON - A_MOMENT)
    with pytest.raises(NoPlaceLeft):
        place_for(*FULL, fifth)
    # The place that becomes free belongs to who waits for it.
    assert place_for(*FULL, leaving, now=NOON) == 5
    with pytest.raises(NoPlaceLeft):
        place_for(*FULL, leaving, waiting(), now=NOON)


def test_nobody_waits_for_a_place_that_the_wallet_does_not_give_any_more() -> None:
    leaving = a_contact_who_leaves(at=NOON + A_DAY, place=5)
    fewer = ContactPolicy(most=4)

    with pytest.raises(NoPlaceLeft):
        contacts.place_for((*FULL, leaving), account=an_account(), policy=fewer, now=NOON)


def test_a_suspended_contact_is_not_on_the_way_out() -> None:
    with pytest.raises(NoPlaceLeft):
        place_for(*FULL, a_contact(status=SUSPENDED, place=5))


def test_a_replacement_lapses_seven_days_after_the_place_should_have_been_free() -> None:
    def until(*others: Contact) -> datetime:
        return contacts.waiting_until(others, account=an_account(), policy=POLICY, now=NOON)

    leaving = a_contact_who_leaves(at=NOON + A_DAY)

    assert until(leaving, a_contact()) == NOON + 8 * A_DAY
    assert until(a_contact()) == until(a_contact_who_leaves(at=NOON)) == NOON + 7 * A_DAY


@pytest.mark.parametrize("status", [INVITED, DECLINED])
def test_with_the_place_come_seven_days_of_its_own(status: contacts.ContactStatus) -> None:
    cleo = waiting(status=status, lapses_at=NOON + A_MOMENT)

    change = contacts.give_place(cleo, account=an_account(), place=3, policy=POLICY, now=NOON)

    assert (change.value.place, change.value.lapses_at) == (3, NOON + 7 * A_DAY)
    assert change.events == (
        InvitationReady(account_id=OLGAS, contact_id=CARL, lapses_at=NOON + 7 * A_DAY, at=NOON),
    )


def test_only_who_waits_is_given_a_place() -> None:
    lapsed = waiting(lapses_at=NOON)
    for contact in (an_invitation(place=2), lapsed):
        with pytest.raises(NotOpen):
            contacts.give_place(contact, account=an_account(), place=1, policy=POLICY, now=NOON)
    assert lapsed.waits_for_place(NOON - A_MOMENT)


def test_a_replacement_is_invited_like_anybody() -> None:
    change = contacts.invite(
        waiting(),
        account=an_account(),
        others=(),
        own_addresses=frozenset(),
        sent_there=(),
        policy=POLICY,
        now=NOON,
    )

    assert [type(event) for event in change.events] == [ContactInvited]
    assert change.value.place is None
