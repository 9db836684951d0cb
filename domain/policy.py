"""Every number of the service, with its reason. A wallet may override within the bounds."""

from datetime import timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct

MOST_CONTACTS: Final = 5


class ContactPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Enough for a household and a friend abroad; few enough that an owner knows each by name.
    most: Annotated[int, Meta(ge=1, le=MOST_CONTACTS)] = MOST_CONTACTS
    # Long enough to reach someone who reads mail on Sundays; a place is held meanwhile.
    invitation_lasts: timedelta = timedelta(days=7)
    # A mistyped address must not stay; later, the slow way protects the contacts from a thief.
    acceptance_undone_within: timedelta = timedelta(hours=24)
    # A thief with the unlocked phone must not be able to silence the contacts tonight,
    removal_takes: timedelta = timedelta(hours=72)
    # and an owner who clears out several at once may not be the owner.
    second_removal_takes: timedelta = timedelta(days=7)


class CodePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # A slow SMS on a bad line needs minutes, a stolen screen needs less than an hour.
    lasts: timedelta = timedelta(minutes=10)
    # Five guesses at six digits: one chance in 200,000.
    guesses: Annotated[int, Meta(ge=1, le=5)] = 5
    # Doubling, because someone who asks again and again is not reading what arrives.
    first_wait: timedelta = timedelta(seconds=60)
    longest_wait: timedelta = timedelta(minutes=32)
    # Enough for someone with a bad line, too few to be a nuisance or an expense.
    most_an_hour: Annotated[int, Meta(ge=1, le=5)] = 5
    # Strangers may ask for it, so there are fewer.
    most_an_hour_without_link: Annotated[int, Meta(ge=1, le=3)] = 3
    most_a_day: Annotated[int, Meta(ge=1, le=10)] = 10
    digits_with_link: Annotated[int, Meta(ge=6, le=8)] = 6
    # Without a link anyone may ask: guessing over many addresses must stay hopeless.
    digits_without_link: Annotated[int, Meta(ge=8, le=10)] = 8


class SessionPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # One report takes two minutes; a borrowed phone goes back to its owner.
    contact_lasts: timedelta = timedelta(minutes=15)
    owner_lasts: timedelta = timedelta(minutes=15)
    # The page link is pressed at once by the app that asked for it.
    page_link_lasts: timedelta = timedelta(seconds=60)
    # A thief with the unlocked phone has a session, but not a fresh strong sign-in.
    strong_sign_in_lasts: timedelta = timedelta(minutes=5)
    agent_idle: timedelta = timedelta(minutes=30)
    agent_lasts: timedelta = timedelta(hours=8)
    access_token_lasts: timedelta = timedelta(minutes=60)


class TicketPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # The owner is on a pavement without a phone: somebody tries to reach them right away,
    first_attempt_within: timedelta = timedelta(minutes=15)
    # and decides the same afternoon.
    decided_within: timedelta = timedelta(hours=4)
    # An agent's account made or reset yesterday may be the thief's.
    new_agent_waits: timedelta = timedelta(hours=24)
    # An address added the day before the theft proves nothing.
    address_counts_after: timedelta = timedelta(days=7)
    # Whoever wrote down a release must not be the one who finds it in order.
    proofs_for_release: Annotated[int, Meta(ge=2)] = 2


class RecoveryPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # One for each wallet stolen in a lifetime, and some to spare.
    codes_on_a_card: Annotated[int, Meta(ge=1, le=20)] = 10
    # With 80 random bits no number of guesses finds a code; what is limited is the slow work that
    # each costs. A person copying from paper does not fail ten times in an hour,
    tries_per_browser: Annotated[int, Meta(ge=1, le=100)] = 10
    # and fifty leave the owner room while a stranger wastes theirs.
    tries_per_account: Annotated[int, Meta(ge=1, le=1000)] = 50
    tries_are_counted_for: timedelta = timedelta(hours=1)
    # More than an agent reads: one hour of a stranger's lies must not crowd out the owner.
    hints_on_a_ticket: Annotated[int, Meta(ge=1, le=1000)] = 100


class MessagePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Someone who removes an address to hide a freeze must not succeed with it.
    removed_addresses_hear_for: timedelta = timedelta(days=30)
    # After this the pages say "call the wallet too".
    confirmation_expected_within: timedelta = timedelta(seconds=60)


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    contacts: ContactPolicy = ContactPolicy()
    codes: CodePolicy = CodePolicy()
    sessions: SessionPolicy = SessionPolicy()
    tickets: TicketPolicy = TicketPolicy()
    recovery: RecoveryPolicy = RecoveryPolicy()
    messages: MessagePolicy = MessagePolicy()


DEFAULT: Final = Policy()
