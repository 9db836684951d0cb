"""Signs that something is not as it seems, out of our own rows. They decide nothing.

Each says what was counted, and since when, so that an agent can ask the right question. None names
another person or an address: a sign is read by whoever sees the ticket.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.policy import SIGNS, SignPolicy


class TryWay(StrEnum):
    """How somebody came to a frozen account and was turned away."""

    # The wallet registered a sign-in.
    SESSION = "session"
    # The app asked for a way into the owner's pages.
    PAGE_LINK = "page-link"
    # The wallet's access token, at the owner's own API.
    TOKEN = "token"  # noqa: S105  # a word, not a secret
    # "Nothing was lost", without the strong sign-in that it takes.
    DISPUTE = "dispute"
    # A code that is not on the recovery card.
    CARD = "card"
    # Nobody turned this one away: somebody says that they are the owner, and how to reach them.
    HINT = "hint"


# What stands for a device in a try: one that never was linked, and none named.
NEW_DEVICE: Final = "new"
NO_DEVICE: Final = ""


class SignKind(StrEnum):
    TRIES = "tries"
    CONTACTS_CHANGED = "contacts-changed"
    ADDRESSES_CHANGED = "addresses-changed"
    REPORTER_OF_SEVERAL = "reporter-of-several"
    SEVERAL_REPORTS = "several-reports"
    LOOK_ALIKES = "look-alikes"
    REPORTER_FROZEN = "reporter-frozen"
    MUTUAL = "mutual"


class Counted(Struct, frozen=True, kw_only=True):
    """So often, first and last; nothing happened while `times` is zero."""

    times: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """What is counted for one ticket, within the lengths of `SignPolicy`."""

    # Since the freeze, while the ticket is open.
    tries: Counted = Counted()
    tried_ways: tuple[TryWay, ...] = ()
    # Some from a device that never was linked; some from one that was.
    from_new_device: bool = False
    from_known_device: bool = False
    # Since shortly before the loss.
    contacts_changed: Counted = Counted()
    addresses_changed: Counted = Counted()
    # For how many owners, this one included, the busiest reporter reported lately; how many name
    # them.
    reported_for: Counted = Counted()
    named_by: int = 0
    # On this owner lately; some of them on tickets before this one.
    reports: Counted = Counted()
    reports_before: int = 0
    # Owners, this one included, reported from one network within the hour, by young contacts.
    look_alikes: Counted = Counted()
    # Accounts of reporters that are frozen now.
    reporters_frozen: Counted = Counted()
    # Reporters whose own trusted person the owner is.
    mutual: Counted = Counted()


class Sign(Struct, frozen=True, kw_only=True):
    """One of them, with its numbers; what they count, its kind says."""

    kind: SignKind
    since: datetime
    times: int
    last_at: datetime
    # A second number of some kinds.
    beside: int = 0
    ways: tuple[TryWay, ...] = ()
    from_new_device: bool = False
    from_known_device: bool = False


def read(facts: Facts, *, policy: SignPolicy = SIGNS) -> tuple[Sign, ...]:
    """The signs in what was counted, in the order in which an agent asks about them."""
    found = (
        _sign(
            SignKind.TRIES,
            facts.tries,
            ways=facts.tried_ways,
            from_new_device=facts.from_new_device,
            from_known_device=facts.from_known_device,
        ),
        _sign(SignKind.CONTACTS_CHANGED, facts.contacts_changed),
        _sign(SignKind.ADDRESSES_CHANGED, facts.addresses_changed),
        _sign(
            SignKind.REPORTER_OF_SEVERAL,
            facts.reported_for,
            least=policy.several_owners,
            beside=facts.named_by,
        ),
        _sign(
            SignKind.SEVERAL_REPORTS,
            facts.reports,
            least=policy.several_reports,
            beside=facts.reports_before,
        ),
        _sign(SignKind.LOOK_ALIKES, facts.look_alikes, least=policy.several_owners),
        _sign(SignKind.REPORTER_FROZEN, facts.reporters_frozen),
        _sign(SignKind.MUTUAL, facts.mutual),
    )
    return tuple(sign for sign in found if sign is not None)


def _sign(
    kind: SignKind,
    counted: Counted,
    *,
    least: int = 1,
    beside: int = 0,
    ways: tuple[TryWay, ...] = (),
    from_new_device: bool = False,
    from_known_device: bool = False,
) -> Sign | None:
    if counted.times < least or counted.first_at is None or counted.last_at is None:
        return None
    return Sign(
        kind=kind,
        since=counted.first_at,
        times=counted.times,
        last_at=counted.last_at,
        beside=beside,
        ways=ways,
        from_new_device=from_new_device,
        from_known_device=from_known_device,
    )
