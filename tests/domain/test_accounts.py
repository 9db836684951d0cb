"""Freezing ends everything at once; releasing brings nothing back but the account."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from domain import accounts
from domain.accounts import (
    ACTIVE,
    CLOSED,
    FROZEN,
    LEADS_TO,
    Account,
    AccountAddress,
    AddressKind,
    Display,
    Done,
)
from domain.events import AccountFrozen, AccountReleased, ActorKind, FreezeConfirmed
from domain.ids import AddressId
from domain.refusals import AccountIsFrozen, AccountNotFrozen, DeviceReported, VersionMismatch
from tests.builders import (
    A_MOMENT,
    AN_HOUR,
    NOON,
    OLGAS,
    TICKET,
    a_closing_account,
    a_device,
    a_frozen_account,
    a_session,
    an_account,
)


def frozen(account: Account) -> Account:
    return accounts.freeze(account, ticket_id=TICKET, stolen=True, now=NOON).value


def released(account: Account) -> Account:
    return accounts.release(account, ticket_id=TICKET, now=NOON).value


def closed(account: Account) -> Account:
    return accounts.settle(account, now=NOON).value


def test_a_freeze_ends_every_session_that_began_before_it() -> None:
    account, session = an_account(), a_session()

    assert session.is_active(account, NOON)
    assert not session.is_active(frozen(account), NOON)


def test_a_session_does_not_come_back_with_the_account() -> None:
    account = released(frozen(an_account()))

    assert not a_session(epoch=0).is_active(account, NOON)
    assert a_session(epoch=1).is_active(account, NOON)


def test_no_session_is_active_while_frozen_whatever_its_epoch() -> None:
    account = frozen(an_account())

    assert not a_session(epoch=account.epoch).is_active(account, NOON)
    assert a_session(epoch=account.epoch).is_active(released(account), NOON)


def test_a_session_is_active_until_the_instant_it_expires() -> None:
    session = a_session(expires_at=NOON)

    assert session.is_active(an_account(), NOON - A_MOMENT)
    assert not session.is_active(an_account(), NOON)


def test_a_freeze_is_told_with_what_receivers_order_it_by() -> None:
    change = accounts.freeze(
        an_account(version=4, epoch=2), ticket_id=TICKET, stolen=False, now=NOON
    )

    assert change.events == (
        AccountFrozen(
            account_id=OLGAS, ticket_id=TICKET, version=5, epoch=3, stolen=False, at=NOON
        ),
    )
    assert change.value.is_frozen
    assert (change.value.frozen_at, change.value.sessions_void_before) == (NOON, NOON)
    by_wallet = accounts.freeze(
        an_account(), ticket_id=TICKET, stolen=False, asked_by=ActorKind.WALLET, now=NOON
    )
    (event,) = by_wallet.events
    assert isinstance(event, AccountFrozen)
    assert event.asked_by is ActorKind.WALLET


def test_a_frozen_account_cannot_be_frozen_again() -> None:
    with pytest.raises(AccountIsFrozen):
        frozen(a_frozen_account())
    frozen(released(a_frozen_account()))


def test_only_a_frozen_account_can_be_released() -> None:
    with pytest.raises(AccountNotFrozen):
        released(an_account())
    change = accounts.release(a_frozen_account(version=4), ticket_id=TICKET, now=NOON)

    assert change.events == (
        AccountReleased(account_id=OLGAS, ticket_id=TICKET, version=6, at=NOON),
    )
    assert not change.value.is_frozen


def test_a_release_says_which_devices_and_addresses_not_to_trust_and_names_none() -> None:
    account = a_frozen_account()
    since = account.frozen_at
    assert since is not None
    devices = (a_device(epoch=account.epoch - 1), a_device(epoch=account.epoch))

    def an_address(kind: AddressKind, **changes: Any) -> AccountAddress:
        return AccountAddress(
            id=AddressId(UUID(int=61)),
            wallet_id=account.wallet_id,
            account_id=account.id,
            kind=kind,
            address=b"sealed",
            address_index=b"",
            verified_at=None,
            added_at=since,
            **changes,
        )

    came = an_address(AddressKind.EMAIL, added_while_frozen=True)
    went = an_address(AddressKind.PHONE, removed_at=since)
    before = an_address(AddressKind.PHONE, removed_at=since - A_MOMENT)

    def told(*addresses: AccountAddress) -> tuple[int, tuple[str, ...]]:
        change = accounts.release(
            account, ticket_id=TICKET, devices=devices, addresses=addresses, now=NOON
        )
        (event,) = change.events
        assert isinstance(event, AccountReleased)
        return event.barred_devices, event.changed_addresses

    assert told(before) == (1, ())
    assert told(went, came, before) == (1, ("email", "phone"))


def test_the_version_rises_with_freeze_and_release_and_the_epoch_with_freeze_alone() -> None:
    account, seen = an_account(), [(0, 0)]
    for _ in range(3):
        for step in (frozen, released):
            account = step(account)
            seen.append((account.version, account.epoch))

    assert seen == [(0, 0), (1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (6, 3)]


def test_a_confirmation_changes_neither_version_nor_epoch() -> None:
    account = a_frozen_account()

    confirmed = accounts.confirm_freeze(account, version=1, done=Done, now=NOON).value

    assert (confirmed.version, confirmed.epoch) == (account.version, account.epoch)


def test_since_when_it_is_frozen_is_known_only_while_it_is() -> None:
    account = frozen(an_account())

    assert account.frozen_at == NOON
    assert released(account).frozen_at is None
    # What gateways were told about old sessions stays true after the release.
    assert released(account).sessions_void_before == NOON


def test_what_the_holder_may_see_begins_and_ends_plain() -> None:
    in_danger = an_account(display=Display.NEUTRAL)

    assert frozen(in_danger).display is Display.PLAIN
    assert released(frozen(in_danger)).display is Display.PLAIN


def test_the_states_lead_where_the_table_says_and_nowhere_else() -> None:
    taken = {
        (before.state, rule(before).state)
        for before, rule in (
            (an_account(), frozen),
            (a_frozen_account(), released),
            (a_closing_account(at=NOON), closed),
        )
    }

    assert taken == {(state, after) for state, ends in LEADS_TO.items() for after in ends}
    assert taken == {(ACTIVE, FROZEN), (FROZEN, ACTIVE), (ACTIVE, CLOSED)}


def test_a_wallet_confirms_the_present_freeze_and_no_other() -> None:
    account = a_frozen_account(version=4)

    for other in (4, 6):
        with pytest.raises(VersionMismatch):
            accounts.confirm_freeze(account, version=other, done=[Done.SESSIONS], now=NOON)
    change = accounts.confirm_freeze(account, version=5, done=[Done.SESSIONS], now=NOON)

    assert change.value.freeze_confirmed_at == NOON
    assert change.events == (
        FreezeConfirmed(account_id=OLGAS, version=5, done=("sessions",), at=NOON),
    )


def test_an_active_account_has_nothing_to_confirm() -> None:
    with pytest.raises(AccountNotFrozen):
        accounts.confirm_freeze(an_account(), version=0, done=[Done.SESSIONS], now=NOON)
    with pytest.raises(AccountNotFrozen):
        accounts.confirm_freeze(
            released(a_frozen_account()), version=2, done=[Done.SESSIONS], now=NOON
        )


def test_a_second_confirmation_adds_what_was_done_and_keeps_the_first_instant() -> None:
    first = accounts.confirm_freeze(
        a_frozen_account(), version=1, done=[Done.PAYMENTS, Done.SESSIONS], now=NOON
    ).value

    second = accounts.confirm_freeze(
        first, version=1, done=[Done.CHANGES, Done.PAYMENTS], now=NOON + AN_HOUR
    )

    assert second.value.freeze_confirmed_at == NOON
    assert second.value.confirmed_done == (Done.SESSIONS, Done.PAYMENTS, Done.CHANGES)
    assert [event.at for event in second.events] == [NOON + AN_HOUR]


def test_a_confirmation_that_says_nothing_new_changes_and_tells_nothing() -> None:
    confirmed = accounts.confirm_freeze(
        a_frozen_account(), version=1, done=[Done.SESSIONS, Done.CREDIT], now=NOON
    ).value

    again = accounts.confirm_freeze(confirmed, version=1, done=[Done.CREDIT], now=NOON + AN_HOUR)

    assert again.value == confirmed
    assert again.events == ()


def test_what_was_confirmed_for_one_freeze_says_nothing_about_the_next() -> None:
    confirmed = accounts.confirm_freeze(
        a_frozen_account(), version=1, done=Done, now=NOON - AN_HOUR
    ).value
    frozen_again = frozen(released(confirmed))

    assert frozen_again.freeze_confirmed_at is None
    change = accounts.confirm_freeze(frozen_again, version=3, done=[Done.SESSIONS], now=NOON)
    assert change.value.confirmed_done == (Done.SESSIONS,)
    assert change.value.freeze_confirmed_at == NOON


def test_an_account_nobody_froze_is_not_confirmed() -> None:
    assert an_account().freeze_confirmed_at is None


def test_a_frozen_account_gets_no_session() -> None:
    accounts.allow_session(an_account(), None, now=NOON)

    with pytest.raises(AccountIsFrozen):
        accounts.allow_session(a_frozen_account(), None, now=NOON)


def test_a_device_linked_before_the_freeze_stays_barred_after_the_release() -> None:
    account = released(a_frozen_account())
    stolen, new = a_device(epoch=account.epoch - 1), a_device(epoch=account.epoch)

    assert accounts.is_barred(stolen, account)
    assert not accounts.is_barred(new, account)
    with pytest.raises(DeviceReported):
        accounts.allow_session(account, stolen, now=NOON)
    accounts.allow_session(account, new, now=NOON)


def test_while_frozen_the_freeze_is_the_reason_even_for_a_barred_device() -> None:
    with pytest.raises(AccountIsFrozen):
        accounts.allow_session(a_frozen_account(), a_device(epoch=0), now=NOON)


def test_a_long_life_never_reuses_a_version_or_lowers_an_epoch() -> None:
    account, versions, epochs = an_account(), [0], [0]
    for hours in range(20):
        now = NOON + timedelta(hours=hours)
        account = (
            accounts.release(account, ticket_id=TICKET, now=now).value
            if account.is_frozen
            else accounts.freeze(account, ticket_id=TICKET, stolen=False, now=now).value
        )
        versions.append(account.version)
        epochs.append(account.epoch)

    assert versions == sorted(set(versions))
    assert epochs == sorted(epochs)
