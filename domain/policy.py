"""Every number of the service, with its reason. A wallet may override within the bounds: of whole
numbers they stand beside the number, of lengths in `domain.bounds`."""

from datetime import time, timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct

from domain.bounds import require_order, require_within

MOST_CONTACTS: Final = 5
# As a clock on the wall shows it.
TimeOfDay = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
# Four hours on each of five days: less would be no desk.
_OPEN_A_WEEK: Final = timedelta(hours=20)


class ContactPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Enough for a household and a friend abroad; few enough that an owner knows each by name.
    most: Annotated[int, Meta(ge=1, le=MOST_CONTACTS)] = MOST_CONTACTS
    # Long enough to reach someone who reads mail on Sundays; a place is held meanwhile.
    invitation_lasts: timedelta = timedelta(days=7)
    # An invitation is a message to somebody who did not ask for it. Every sending counts: so many
    # of one owner name five people twice,
    sends_by_owner: Annotated[int, Meta(ge=1, le=10)] = 10
    # and so many to one address, whoever sends them, are no campaign against anybody.
    sends_to_address: Annotated[int, Meta(ge=1, le=3)] = 3
    sends_count_for: timedelta = timedelta(days=30)
    # Whoever does not answer today is not asked again today.
    sends_apart: timedelta = timedelta(hours=24)
    # A no, and a silence, hold for a season.
    rests_for: timedelta = timedelta(days=90)
    # A mistyped address must not stay; later, the slow way protects the contacts from a thief.
    acceptance_undone_within: timedelta = timedelta(hours=24)
    # A thief with the unlocked phone must not be able to silence the contacts tonight,
    removal_takes: timedelta = timedelta(hours=72)
    # and an owner who clears out several at once may not be the owner.
    second_removal_takes: timedelta = timedelta(days=7)
    removals_count_for: timedelta = timedelta(days=30)
    # Numbers change hands and friendships end: both are asked twice a year.
    reminded_every: timedelta = timedelta(days=182)
    # A month without an answer is worth a mark, not a silence: they can still report.
    unconfirmed_after: timedelta = timedelta(days=30)
    # After half a year nobody reads there, and the place is better given to someone who does.
    ended_after: timedelta = timedelta(days=180)

    def __post_init__(self) -> None:
        require_within("contacts", self)
        require_order(self, "removal_takes", "second_removal_takes")


class ClosingPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Whoever calls the wallet in the owner's name must not end their protection the same day.
    takes: timedelta = timedelta(hours=72)

    def __post_init__(self) -> None:
        require_within("closing", self)


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

    def __post_init__(self) -> None:
        require_within("codes", self)


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
    # Whoever finds the console unlocked changes nothing of what its agent signs in with.
    agent_proof_lasts: timedelta = timedelta(minutes=5)
    # A security key is looked for in a drawer; nobody looks longer than this.
    passkey_challenge_lasts: timedelta = timedelta(minutes=5)
    # What was typed when a session ended waits for its agent as long as a quiet session.
    unsent_waits: timedelta = timedelta(minutes=30)
    access_token_lasts: timedelta = timedelta(minutes=60)

    def __post_init__(self) -> None:
        require_within("sessions", self)


class ReleaseHours(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Hours of some days of the week, Monday being 1.

    What shuts at or before the time at which it opens shuts on the next day.
    """

    days: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(min_length=1, max_length=7)]
    opens: TimeOfDay
    shuts: TimeOfDay

    @property
    def opens_at(self) -> time:
        return time.fromisoformat(self.opens)

    @property
    def shuts_at(self) -> time:
        return time.fromisoformat(self.shuts)

    @property
    def shuts_next_day(self) -> bool:
        return self.shuts_at <= self.opens_at

    @property
    def lasts(self) -> timedelta:
        opens, shuts = self.opens_at, self.shuts_at
        hours, minutes = shuts.hour - opens.hour, shuts.minute - opens.minute
        return timedelta(days=int(self.shuts_next_day), hours=hours, minutes=minutes)


def require_open_enough(hours: tuple[ReleaseHours, ...]) -> None:
    """Raises ValueError where owners would wait for days because nobody decides."""
    week = sum((len(set(one.days)) * one.lasts for one in hours), timedelta(0))
    if hours and week < _OPEN_A_WEEK:
        raise ValueError(f"release_hours are at least {_OPEN_A_WEEK} a week")


class TicketPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # The owner is on a pavement without a phone: somebody tries to reach them right away,
    first_attempt_within: timedelta = timedelta(minutes=15)
    # and decides the same afternoon.
    decided_within: timedelta = timedelta(hours=4)
    # An agent's account made or reset yesterday may be the thief's.
    new_agent_waits: timedelta = timedelta(hours=24)
    # An address added the day before the theft proves nothing, nor does a card printed that day.
    address_counts_after: timedelta = timedelta(days=7)
    # Whoever wrote down a release must not be the one who finds it in order.
    proofs_for_release: Annotated[int, Meta(ge=2, le=4)] = 2
    # How well the wallet has to prove anew who the owner is, in its own words; those of NIST SP
    # 800-63A from where a person or a document is looked at.
    reproofing_levels: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=40)], ...], Meta(min_length=1)
    ] = ("ial2", "ial3")
    # One call may meet a busy line; after two, at different times, a mere hint is laid aside.
    attempts_before_closing: Annotated[int, Meta(ge=2, le=5)] = 2
    attempts_apart: timedelta = timedelta(minutes=30)
    # In which hours releases are decided, by the wallet's own clock; none: always. Holidays are not
    # known here.
    release_hours: tuple[ReleaseHours, ...] = ()
    # Somebody who is there answers a proposal in this time; else others are woken.
    approved_within: timedelta = timedelta(minutes=15)
    # A breach that nobody makes good goes up again: it must not end with those who missed it.
    raised_again_after: timedelta = timedelta(hours=1)
    # A carrier opens tomorrow; whoever waits longer than a night is better looked at again,
    pause_lasts_at_most: timedelta = timedelta(hours=12)
    # and after two days and nights of waiting somebody has to decide.
    most_pauses: Annotated[int, Meta(ge=0, le=4)] = 4
    # Time to wake up, read and sign in, before the next one is woken;
    rings_apart: timedelta = timedelta(minutes=5)
    # and after an hour everyone was rung several times.
    most_rings: Annotated[int, Meta(ge=1, le=24)] = 12
    # Two who know each other may wait for each other; among three it is left to chance,
    approvers_to_pick_from: Annotated[int, Meta(ge=3, le=10)] = 3
    # and whoever is at lunch must not hold up an owner for longer than a coffee.
    approver_answers_within: timedelta = timedelta(minutes=15)
    # Three days without one's own money are long enough to be looked at by somebody else.
    kept_frozen_reviewed_within: timedelta = timedelta(hours=72)
    # Often enough that whoever is tempted thinks of it; one in one looks at all.
    reviewed_one_in: Annotated[int, Meta(ge=1, le=20)] = 20
    # A program that freezes by mistake is noticed within days; what is older was looked at.
    mistake_lasts: timedelta = timedelta(days=7)
    # Swapping SIMs is also how a line is stolen; within a day its owner notices, and complains.
    line_settles: timedelta = timedelta(hours=24)
    # What was prepared for a theft was changed in the week before it.
    changes_looked_at_before: timedelta = timedelta(days=7)
    # A stolen phone tries again by itself every minute: a look at its tries holds this long, or
    # they would keep the owner out for good.
    tries_looked_at_for: timedelta = timedelta(minutes=15)
    # Whoever was written to three times since yesterday is called; a fourth only worries them.
    messages_a_day: Annotated[int, Meta(ge=1, le=10)] = 3

    def __post_init__(self) -> None:
        require_within("tickets", self)
        require_open_enough(self.release_hours)


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

    def __post_init__(self) -> None:
        require_within("recovery", self)


class ReportPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # A false report stops working for a while: long enough to be felt, short enough for a quarrel.
    pause_takes: timedelta = timedelta(days=7)
    # Twice within half a year is no misunderstanding any more.
    false_to_suspend: Annotated[int, Meta(ge=2, le=3)] = 2
    false_count_for: timedelta = timedelta(days=180)
    # Nobody is judged unheard; and whoever does not answer cannot stop the judgement.
    reporter_has: timedelta = timedelta(hours=48)
    # Someone removed a month ago may be the only one who knows of the loss.
    lately_removed: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        require_within("reports", self)


class DrillPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Often enough to remember, too seldom to make a real message look like another exercise.
    again_after: timedelta = timedelta(days=30)
    # A contact finds the time within a week.
    link_lasts: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        require_within("drills", self)


class SpacePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A contact's own space."""

    # Whoever took over a contact's mailbox for an hour must not undo a report from elsewhere.
    second_address_withdraws_after: timedelta = timedelta(days=7)
    # Five working days are never fewer than five days.
    erased_within: timedelta = timedelta(days=5)

    def __post_init__(self) -> None:
        require_within("space", self)


class PrivacyPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long what is known about somebody stays, once it is not needed any more."""

    # They never agreed to be known here; a week leaves room for "what was that message?"
    unanswered_kept: timedelta = timedelta(days=7)
    # Whoever was removed may still know of the loss, for as long as they are heard about it,
    gone_kept: timedelta = timedelta(days=30)
    # and a claim over a blocked account or a false report may come a year and a half later. Then
    # words and numbers go; that there was a report stays.
    tickets_kept: timedelta = timedelta(days=548)
    # As long as what was worked on: after the account is closed the same claims may come.
    closed_accounts_kept: timedelta = timedelta(days=548)

    def __post_init__(self) -> None:
        require_within("privacy", self)


class MessagePolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    # Someone who removes an address to hide a freeze must not succeed with it.
    removed_addresses_hear_for: timedelta = timedelta(days=30)
    # After this the pages say "call the wallet too".
    confirmation_expected_within: timedelta = timedelta(seconds=60)

    def __post_init__(self) -> None:
        require_within("messages", self)


class SignInPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far the wallet's identity provider is taken at its word."""

    # Two machines' clocks are seldom further apart; a minute more or less of trust is no harm.
    clocks_differ: timedelta = timedelta(minutes=1)
    # A key that was taken out of the set signs nothing here after this,
    keys_are_fresh_for: timedelta = timedelta(minutes=10)
    # and tokens with invented key ids make us ask the issuer no more often than this.
    between_questions: timedelta = timedelta(seconds=10)
    # Owners manage their contacts while the issuer's discovery is away for an afternoon; a day
    # later nobody can say which of its keys have been given up.
    keys_outlive_issuer_for: timedelta = timedelta(hours=4)

    def __post_init__(self) -> None:
        require_within("sign_ins", self)


class DeskPolicy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Several agents at one queue."""

    # Three heartbeats of a page: one lost on a bad line does not make anybody invisible.
    presence_lasts: timedelta = timedelta(seconds=45)
    # Whoever passed a ticket over is not served it again at once, and not spared it all day.
    skip_rests: timedelta = timedelta(minutes=30)
    # What the queue puts before everything else, and what a supervisor asks about.
    breaching_within: timedelta = timedelta(minutes=15)
    frozen_long_after: timedelta = timedelta(hours=24)

    def __post_init__(self) -> None:
        require_within("desk", self)


class SignPolicy(Struct, frozen=True, kw_only=True):
    """What is told to agents as a sign. It decides nothing, so that no wallet has to move it; and a
    queue of several wallets counts alike."""

    # Whoever prepares a theft of the account changes who is told of it in the days before.
    changed_within: timedelta = timedelta(days=7)
    # A quarrel, or a trick that is tried on several people, shows within a month.
    lately: timedelta = timedelta(days=30)
    # A contact made last week for this purpose; one of a year ago is a friend.
    young_for: timedelta = timedelta(days=30)
    # Reports made one after the other by the same hands.
    alike_within: timedelta = timedelta(hours=1)
    # One is what everybody is: a contact who reported for one owner, an owner reported once.
    several_owners: int = 2
    several_reports: int = 2


class Policy(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    contacts: ContactPolicy = ContactPolicy()
    closing: ClosingPolicy = ClosingPolicy()
    codes: CodePolicy = CodePolicy()
    sessions: SessionPolicy = SessionPolicy()
    tickets: TicketPolicy = TicketPolicy()
    recovery: RecoveryPolicy = RecoveryPolicy()
    reports: ReportPolicy = ReportPolicy()
    drills: DrillPolicy = DrillPolicy()
    space: SpacePolicy = SpacePolicy()
    privacy: PrivacyPolicy = PrivacyPolicy()
    messages: MessagePolicy = MessagePolicy()
    sign_ins: SignInPolicy = SignInPolicy()
    desk: DeskPolicy = DeskPolicy()

    def __post_init__(self) -> None:
        if self.privacy.gone_kept < self.reports.lately_removed:
            raise ValueError("privacy.gone_kept is never shorter than reports.lately_removed")


DEFAULT: Final = Policy()
SIGNS: Final = SignPolicy()
