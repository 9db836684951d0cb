"""A trusted contact's life: invited, accepted, declined in private, lapsed, taken back."""

from collections.abc import Callable
from datetime import datetime

import pytest
from msgspec.structs import replace

from domain import contacts
from domain.contacts import (
    ACTIVE,
    DECLINED,
    INVITED,
    LAPSED,
    LEAVING,
    ON_A_PLACE,
    TAKEN_BACK,
    Contact,
    ContactStatus,
)
from domain.events import (
    ContactAccepted,
    ContactDeclined,
    ContactInvited,
    InvitationLapsed,
    InvitationTakenBack,
)
from domain.policy import ContactPolicy
from domain.refusals import (
    AccountIsFrozen,
    AlreadyInvited,
    CannotTakeBack,
    NoPlaceLeft,
    NotOpen,
    OwnAddress,
    PlaceNotFree,
)
from tests.builders import (
    A_DAY,
    A_MOMENT,
    CARL,
    CLEO,
    NOON,
    OLGAS,
    a_contact,
    a_contact_who_leaves,
    a_frozen_account,
    an_account,
    an_invitation,
)
from tests.domain.steps import POLICY, accepted, declined, invited, lapsed, taken_back

# Reporting ------------------------------------------------------------------------------------


def test_a_contact_on_the_way_out_can_report_until_the_last_moment() -> None:
    carl = a_contact_who_leaves(at=NOON)

    assert carl.can_report(an_account(), NOON - A_MOMENT)
    assert not carl.can_report(an_account(), NOON)


def test_only_active_and_leaving_contacts_can_report() -> None:
    later = NOON + A_DAY

    able = {
        s
        for s in ContactStatus
        if a_contact(status=s, leaves_at=later).can_report(an_account(), NOON)
    }

    assert able == {ACTIVE, LEAVING}


# Places ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [INVITED, DECLINED])
def test_an_unanswered_invitation_holds_its_place_until_it_lapses(status: ContactStatus) -> None:
    carl = an_invitation(status=status, lapses_at=NOON)

    assert carl.holds_place(an_account(), NOON - A_MOMENT)
    assert not carl.holds_place(an_account(), NOON)


def test_a_contact_on_the_way_out_holds_the_place_until_the_last_moment() -> None:
    carl = a_contact_who_leaves(at=NOON)

    assert carl.holds_place(an_account(), NOON - A_MOMENT)
    assert not carl.holds_place(an_account(), NOON)


def test_which_contacts_hold_a_place() -> None:
    later = NOON + A_DAY

    def holding(place: int | None) -> set[ContactStatus]:
        return {
            status
            for status in ContactStatus
            if a_contact(status=status, leaves_at=later, lapses_at=later, place=place).holds_place(
                an_account(), NOON
            )
        }

    assert holding(place=1) == ON_A_PLACE | {INVITED, DECLINED}
    assert holding(place=None) == set()


def test_there_are_five_places_and_no_sixth() -> None:
    held = [a_contact(place=place) for place in range(1, 6)]

    assert contacts.free_place(tuple(held[:4]), account=an_account(), policy=POLICY, now=NOON) == 5
    with pytest.raises(NoPlaceLeft):
        contacts.free_place(tuple(held), account=an_account(), policy=POLICY, now=NOON)


def test_the_lowest_free_place_is_given() -> None:
    held = (a_contact(place=1), a_contact(place=3))

    assert contacts.free_place((), account=an_account(), policy=POLICY, now=NOON) == 1
    assert contacts.free_place(held, account=an_account(), policy=POLICY, now=NOON) == 2


def test_an_overdue_invitation_frees_its_place_before_any_job_has_run() -> None:
    overdue = an_invitation(place=2, lapses_at=NOON)
    others = (*(a_contact(place=place) for place in (1, 3, 4, 5)), overdue)

    with pytest.raises(NoPlaceLeft):
        contacts.free_place(others, account=an_account(), policy=POLICY, now=NOON - A_MOMENT)
    assert contacts.free_place(others, account=an_account(), policy=POLICY, now=NOON) == 2


def test_a_wallet_may_give_fewer_places() -> None:
    two = ContactPolicy(most=2)

    assert (
        contacts.free_place((a_contact(place=1),), account=an_account(), policy=two, now=NOON) == 2
    )
    with pytest.raises(NoPlaceLeft):
        contacts.free_place(
            (a_contact(place=1), a_contact(place=2)), account=an_account(), policy=two, now=NOON
        )


# Inviting -------------------------------------------------------------------------------------


def test_an_invitation_is_told_with_its_end() -> None:
    carl = an_invitation()

    change = contacts.invite(
        carl,
        account=an_account(),
        others=(),
        own_addresses=frozenset(),
        sent_there=(),
        policy=POLICY,
        now=NOON,
    )

    assert change.value == replace(carl, sent_at=(NOON,))
    assert change.events == (
        ContactInvited(
            account_id=OLGAS,
            contact_id=CARL,
            person_id=carl.person_id,
            lapses_at=carl.lapses_at,
            at=NOON,
        ),
    )


def test_nobody_is_invited_while_the_account_is_frozen() -> None:
    with pytest.raises(AccountIsFrozen):
        contacts.invite(
            an_invitation(),
            account=a_frozen_account(),
            others=(),
            own_addresses=frozenset(),
            sent_there=(),
            policy=POLICY,
            now=NOON,
        )


def test_an_owner_cannot_invite_an_address_of_their_own() -> None:
    own = frozenset({b"olga@correo.example", b"+5491123456789"})

    for address in own:
        with pytest.raises(OwnAddress):
            invited(an_invitation(address_index=address), own_addresses=own)
    invited(an_invitation(address_index=b"carl@correo.example"), own_addresses=own)


def test_an_address_that_holds_a_place_cannot_be_invited_twice() -> None:
    leaving = a_contact_who_leaves(at=NOON, invited_at=NOON - 30 * A_DAY, sent_at=())
    again = an_invitation(id=CLEO, place=2)

    with pytest.raises(AlreadyInvited):
        invited(again, leaving, now=NOON - A_MOMENT)
    invited(again, leaving, now=NOON)
    cleo = an_invitation(id=CLEO, place=2, address_index=b"cleo")
    invited(cleo, a_contact(place=1))


def test_an_address_that_waits_for_a_place_cannot_be_invited_twice() -> None:
    with pytest.raises(AlreadyInvited):
        invited(an_invitation(id=CLEO, place=2), an_invitation(place=None))


# Answering ------------------------------------------------------------------------------------


def test_accepting_keeps_the_consent_and_replaces_the_invitation_s_link() -> None:
    carl = an_invitation()

    change = contacts.accept(
        carl,
        account=an_account(),
        policy=POLICY,
        text_version="2026-11",
        language="pt-BR",
        link_sha256=b"personal link",
        now=NOON,
    )

    active = change.value
    assert active.status is ACTIVE
    assert active.accepted_at == NOON
    assert (active.consent_version, active.consent_language) == ("2026-11", "pt-BR")
    assert active.language == "pt-BR"
    assert active.link_sha256 == b"personal link"
    assert active.can_report(an_account(), NOON)
    # The code has proved the address; half a year later it is asked about.
    assert (active.confirmed_at, active.remind_at) == (NOON, NOON + 182 * A_DAY)
    assert change.events == (
        ContactAccepted(
            account_id=OLGAS,
            contact_id=CARL,
            person_id=carl.person_id,
            text_version="2026-11",
            language="pt-BR",
            at=NOON,
        ),
    )


@pytest.mark.parametrize("answered", [accepted, declined])
def test_an_invitation_can_be_answered_until_the_instant_it_lapses(
    answered: Callable[[Contact, datetime], Contact],
) -> None:
    carl = an_invitation(lapses_at=NOON)

    answered(carl, NOON - A_MOMENT)
    with pytest.raises(NotOpen):
        answered(carl, NOON)


@pytest.mark.parametrize("answered", [accepted, declined])
@pytest.mark.parametrize("status", sorted(set(ContactStatus) - {INVITED}))
def test_only_an_open_invitation_can_be_answered(
    answered: Callable[[Contact], Contact], status: ContactStatus
) -> None:
    with pytest.raises(NotOpen):
        answered(an_invitation(status=status))


def test_a_replacement_can_be_accepted_once_it_stands_on_a_place() -> None:
    waiting = an_invitation(place=None)

    with pytest.raises(PlaceNotFree):
        accepted(waiting)
    accepted(an_invitation(place=3))


def test_nobody_becomes_a_contact_while_the_account_is_frozen() -> None:
    with pytest.raises(AccountIsFrozen):
        contacts.accept(
            an_invitation(),
            account=a_frozen_account(),
            policy=POLICY,
            text_version="2026-11",
            language="es",
            link_sha256=b"personal link",
            now=NOON,
        )


def test_declining_ends_the_link_and_keeps_the_place() -> None:
    change = contacts.decline(an_invitation(place=4), now=NOON)

    assert change.value.status is DECLINED
    assert change.value.link_sha256 is None
    assert change.value.place == 4
    assert change.value.ended_at == NOON
    assert change.events == (ContactDeclined(account_id=OLGAS, contact_id=CARL, at=NOON),)


# Lapsing --------------------------------------------------------------------------------------


def test_an_invitation_lapses_at_its_instant_and_not_before() -> None:
    carl = an_invitation(lapses_at=NOON)

    with pytest.raises(NotOpen):
        lapsed(carl, NOON - A_MOMENT)
    change = contacts.lapse(carl, now=NOON)

    assert change.value.status is LAPSED
    assert (change.value.place, change.value.link_sha256) == (None, None)
    assert change.value.ended_at == NOON
    assert change.events == (InvitationLapsed(account_id=OLGAS, contact_id=CARL, at=NOON),)


@pytest.mark.parametrize("status", sorted(set(ContactStatus) - {INVITED, DECLINED}))
def test_what_was_answered_otherwise_never_lapses(status: ContactStatus) -> None:
    with pytest.raises(NotOpen):
        lapsed(an_invitation(status=status, lapses_at=NOON))


# Taking back ----------------------------------------------------------------------------------


def test_an_acceptance_can_be_undone_for_24_hours_and_not_longer() -> None:
    carl = accepted(an_invitation())

    change = contacts.take_back(carl, account=an_account(), now=NOON + A_DAY - A_MOMENT)
    with pytest.raises(CannotTakeBack):
        taken_back(carl, NOON + A_DAY)

    assert change.value.status is TAKEN_BACK
    assert (change.value.place, change.value.link_sha256) == (None, None)
    assert not change.value.can_report(an_account(), NOON)
    assert change.events == (
        InvitationTakenBack(
            account_id=OLGAS, contact_id=CARL, had_accepted=True, at=NOON + A_DAY - A_MOMENT
        ),
    )


def test_an_unanswered_invitation_taken_back_is_over_like_one_that_lapsed() -> None:
    silent = taken_back(an_invitation())
    private = taken_back(declined(an_invitation(), NOON - A_MOMENT))
    undone = taken_back(accepted(an_invitation()))

    assert (silent.lapsed_at, silent.ended_at) == (NOON, NOON)
    # The instant of the no is kept; the owner is shown when it was over.
    assert (private.lapsed_at, private.ended_at) == (NOON, NOON - A_MOMENT)
    assert (undone.lapsed_at, undone.ended_at) == (None, NOON)


def test_an_invitation_can_be_taken_back_until_the_instant_it_lapses() -> None:
    carl = an_invitation(lapses_at=NOON)

    assert taken_back(carl, NOON - A_MOMENT).status is TAKEN_BACK
    with pytest.raises(CannotTakeBack):
        taken_back(carl, NOON)


@pytest.mark.parametrize("status", sorted(set(ContactStatus) - {INVITED, DECLINED, ACTIVE}))
def test_who_is_leaving_suspended_or_gone_cannot_be_taken_back(status: ContactStatus) -> None:
    carl = a_contact(status=status, accepted_at=NOON - A_MOMENT, leaves_at=NOON + A_DAY)

    with pytest.raises(CannotTakeBack):
        taken_back(carl)


def test_nothing_is_taken_back_while_the_account_is_frozen() -> None:
    for carl in (an_invitation(), a_contact()):
        taken_back(carl)
        with pytest.raises(AccountIsFrozen):
            contacts.take_back(carl, account=a_frozen_account(), now=NOON)
