"""How often: one number per limit and subject, the instant at which it will be as good as new.

Every attempt moves that instant (the theoretical arrival time of the generic cell rate algorithm,
ITU-T I.371) on by `each`; an attempt that would move it further ahead of now than `burst` times
`each` is refused and moves nothing. So an unused limit allows `burst` at once, and then one after
each `each`.

Where `each` is as long as the time a promise speaks of ("five in an hour"), no hour that begins
anywhere ever holds a sixth.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct

from domain.policy import CodePolicy
from domain.reports import Way

_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# Longer than anyone works here: until the operator resets it.
_FOR_GOOD: Final = timedelta(days=3650)


class Rate(Struct, frozen=True):
    burst: int
    each: timedelta

    @property
    def whole_after(self) -> timedelta:
        """How long it takes from used up to as good as new."""
        return self.burst * self.each


class Standing(Struct, frozen=True, kw_only=True):
    """What a limit still allows at an instant."""

    at: datetime
    remaining: int
    # From when the next attempt is allowed; None: at once.
    retry_at: datetime | None
    # When it will be as good as new: now, if nothing is used.
    whole_at: datetime


class Taken(Struct, frozen=True, kw_only=True):
    """An attempt, and what is to be stored: refused attempts change nothing."""

    allowed: bool
    arrival: datetime
    left: Standing


def standing(arrival: datetime | None, rate: Rate, *, now: datetime) -> Standing:
    """What is allowed when `arrival` is stored (None: nothing is)."""
    whole_at = now if arrival is None else max(arrival, now)
    remaining = max(0, (now + rate.whole_after - whole_at) // rate.each)
    retry_at = None if remaining else whole_at + rate.each - rate.whole_after
    return Standing(at=now, remaining=remaining, retry_at=retry_at, whole_at=whole_at)


def take(arrival: datetime | None, rate: Rate, *, now: datetime) -> Taken:
    """One attempt. The statement in `service/storage/limits.py` does the same to a row at once."""
    before = standing(arrival, rate, now=now)
    if before.remaining == 0:
        return Taken(allowed=False, arrival=before.whole_at, left=before)
    moved = before.whole_at + rate.each
    return Taken(allowed=True, arrival=moved, left=standing(moved, rate, now=now))


class Failing(StrEnum):
    """What happens when the limiter itself cannot answer."""

    # Nothing is sent, compared or stored.
    CLOSED = "closed"
    # Let in: what is behind it is worth more than the limit.
    OPEN = "open"


class Limit(Struct, frozen=True, kw_only=True):
    name: str
    # What one row counts.
    per: str
    rate: Rate
    # What strangers have instead, in rows of their own; None: the way is no part of it.
    without_link: Rate | None = None
    why: str
    fails: Failing = Failing.CLOSED

    def rate_of(self, way: Way) -> Rate:
        if way is Way.ADDRESS and self.without_link is not None:
            return self.without_link
        return self.rate


# One-time codes: how soon the next one, per person ---------------------------------------------

CODES_UNREAD: Final = Limit(
    name="codes-unread",
    per="person, purpose and way",
    rate=Rate(16, 2 * _HOUR),
    without_link=Rate(16, 2 * _HOUR),
    why="Counts codes nobody typed: each doubles the wait for the next. It refuses nothing itself.",
)
CODE_WAIT: Final = Limit(
    name="code-wait",
    per="person, purpose and way",
    rate=Rate(1, _MINUTE),
    without_link=Rate(1, _MINUTE),
    why="Whoever asks again and again is not reading what arrives: 60 s, doubling to 32 min.",
)
CODES_AN_HOUR: Final = Limit(
    name="codes-an-hour",
    per="person, purpose and way",
    rate=Rate(5, _HOUR),
    without_link=Rate(3, _HOUR),
    why="Enough for someone with a bad line, too few to be a nuisance or an expense.",
)
CODES_A_DAY: Final = Limit(
    name="codes-a-day",
    per="person, purpose and way",
    rate=Rate(10, _DAY),
    without_link=Rate(10, _DAY),
    why="A stranger who asks all night must not fill somebody's mailbox.",
)

# One-time codes: what sending costs, in money and nerves ----------------------------------------

SENT_TO_ADDRESS: Final = Limit(
    name="sent-to-address",
    per="address and way",
    rate=Rate(20, _HOUR),
    without_link=Rate(10, 2 * _HOUR),
    why="Over all purposes together one mailbox or phone is not buried.",
)
SENT_TO_PREFIX: Final = Limit(
    name="sent-to-prefix",
    per="block of 10,000 phone numbers and way",
    rate=Rate(60, _MINUTE),
    without_link=Rate(20, 10 * _MINUTE),
    why="Text messages pumped for a share of their price go to numbers next to one another.",
)
SENT_TO_DIALLING_CODE: Final = Limit(
    name="sent-to-dialling-code",
    per="country's dialling code and way",
    rate=Rate(1000, _SECOND),
    without_link=Rate(300, 5 * _SECOND),
    why="One country's carriers cannot spend what the others need.",
)
SENT_FROM_NETWORK: Final = Limit(
    name="sent-from-network",
    per="source network (/24, /48) and way",
    # A mobile carrier hides thousands behind one network, and each of them brought a link.
    rate=Rate(600, _SECOND),
    without_link=Rate(20, 3 * _MINUTE),
    why="One stranger with a list of addresses gets no further than a household would.",
)
SENT_BY_WALLET: Final = Limit(
    name="sent-by-wallet",
    per="wallet and way",
    rate=Rate(6000, _SECOND / 20),
    without_link=Rate(600, 2 * _SECOND),
    why="Many networks together cannot spend more than the wallet can bear.",
)
SENT_IN_ALL: Final = Limit(
    name="sent-in-all",
    per="installation and way",
    rate=Rate(20_000, _SECOND / 100),
    without_link=Rate(2000, _SECOND / 2),
    why="One wallet under attack leaves the others their messages.",
)

NEW_ADDRESSES: Final = Limit(
    name="new-addresses",
    per="person who adds an address of their own",
    rate=Rate(5, _DAY / 5),
    why="Whoever mistypes tries again; a mailbox taken over writes to no list of strangers.",
)

APP_SET_UP: Final = Limit(
    name="app-set-up",
    per="person who confirms an authenticator app",
    rate=Rate(10, 5 * _MINUTE),
    why="A clock that is wrong shows after two or three tries.",
)

OWNER_CODES_AN_HOUR: Final = Limit(
    name="owner-codes-an-hour",
    per="frozen account whose owner is asked for a code",
    rate=Rate(5, _HOUR),
    why="An agent who is pressed for one more code presses the owner's mailbox, too.",
)
OWNER_CODES_A_DAY: Final = Limit(
    name="owner-codes-a-day",
    per="frozen account whose owner is asked for a code",
    rate=Rate(10, _DAY),
    why="Fifty guesses at eight digits are the most there are in a day.",
)

# Guessing ---------------------------------------------------------------------------------------

WRONG_CODES_A_DAY: Final = Limit(
    name="wrong-codes-a-day",
    per="person and way",
    rate=Rate(20, _DAY),
    without_link=Rate(20, _DAY),
    why="Four codes typed wrong to the end: beyond that it is guessing.",
)
WRONG_CODES_EVER: Final = Limit(
    name="wrong-codes-ever",
    per="person and way, until the operator resets it",
    rate=Rate(100, _FOR_GOOD),
    without_link=Rate(100, _FOR_GOOD),
    why="A patient guesser is stopped for good: one chance in 10,000 at the most.",
)
CHECKS_FROM_NETWORK: Final = Limit(
    name="checks-from-network",
    per="source network (/24, /48)",
    rate=Rate(60, _MINUTE),
    why="A household mistypes; whoever looks for a key among a thousand million gets nowhere.",
)
SIGN_INS_OF_LOGIN_FROM_NETWORK: Final = Limit(
    name="sign-ins-of-login-from-network",
    per="agent's login and source network",
    rate=Rate(10, _MINUTE),
    why="Typing errors fit in; from elsewhere the agent can still sign in.",
)
SIGN_INS_OF_LOGIN: Final = Limit(
    name="sign-ins-of-login",
    per="agent's login",
    rate=Rate(100, _MINUTE),
    why="Many networks guessing at one agent together stay far from any password.",
)
SIGN_INS_FROM_NETWORK: Final = Limit(
    name="sign-ins-from-network",
    per="source network (/24, /48)",
    rate=Rate(60, 2 * _SECOND),
    why="Each attempt costs a slow hash; a whole team behind one address signs in at eight.",
)
PROVED_AGAIN: Final = Limit(
    name="proved-again",
    per="agent's login",
    rate=Rate(10, 5 * _MINUTE),
    why="Whoever found the console unlocked does not find out the password there.",
)

# What agents look at ----------------------------------------------------------------------------

REVEALS_AN_HOUR: Final = Limit(
    name="reveals-an-hour",
    per="agent who has addresses shown in clear",
    # Ten at once, then one after another: no hour that begins anywhere holds more than twenty.
    rate=Rate(10, 6 * _MINUTE),
    why="Owner and reporters of several tickets in a row; nobody reads out a list of people.",
)
REVEALS_A_DAY: Final = Limit(
    name="reveals-a-day",
    per="agent who has addresses shown in clear",
    # Forty in a shift: no day that begins anywhere holds more than sixty.
    rate=Rate(40, 72 * _MINUTE),
    why="A busy shift fits in; whoever looks people up for somebody is soon at the end.",
)

PASSKEYS_ASKED: Final = Limit(
    name="passkeys-asked",
    per="source network (/24, /48)",
    rate=Rate(120, _SECOND),
    why="Each page that offers a passkey may leave a row; a whole team signs in at eight.",
)

# Machines ---------------------------------------------------------------------------------------

API_CALLS: Final = Limit(
    name="api-calls",
    per="API client",
    rate=Rate(3000, _SECOND / 200),
    why="A loop gone wild in one backend leaves the others their share.",
    fails=Failing.OPEN,
)

OWNER_CALLS: Final = Limit(
    name="owner-calls",
    per="owner with the wallet's access token",
    rate=Rate(120, _SECOND),
    why="An app gone wild, or a stolen token, costs its own owner's share and nobody else's.",
    fails=Failing.OPEN,
)

LIMITS: Final = (
    CODES_UNREAD,
    CODE_WAIT,
    CODES_AN_HOUR,
    CODES_A_DAY,
    SENT_TO_ADDRESS,
    SENT_TO_PREFIX,
    SENT_TO_DIALLING_CODE,
    SENT_FROM_NETWORK,
    SENT_BY_WALLET,
    SENT_IN_ALL,
    NEW_ADDRESSES,
    APP_SET_UP,
    OWNER_CODES_AN_HOUR,
    OWNER_CODES_A_DAY,
    WRONG_CODES_A_DAY,
    WRONG_CODES_EVER,
    CHECKS_FROM_NETWORK,
    SIGN_INS_OF_LOGIN_FROM_NETWORK,
    SIGN_INS_OF_LOGIN,
    SIGN_INS_FROM_NETWORK,
    PROVED_AGAIN,
    PASSKEYS_ASKED,
    REVEALS_AN_HOUR,
    REVEALS_A_DAY,
    API_CALLS,
    OWNER_CALLS,
)


def codes_an_hour(policy: CodePolicy, way: Way) -> Rate:
    """As the wallet has it; never more than the default."""
    most = policy.most_an_hour
    if way is Way.ADDRESS:
        most = min(most, policy.most_an_hour_without_link)
    return Rate(most, CODES_AN_HOUR.rate_of(way).each)


def codes_a_day(policy: CodePolicy, way: Way) -> Rate:
    return Rate(policy.most_a_day, CODES_A_DAY.rate_of(way).each)
