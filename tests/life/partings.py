"""How contacts and owners part: removals, second thoughts, leaving, safety, closing; and drills."""

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from domain import accounts
from domain.accounts import ClosingReason
from domain.contacts import LEAVING
from domain.tickets import TicketKind
from service.storage.values import BrowserSession
from tests.life.living import SignedInPhone
from tests.life.nursery import OWNERS
from tests.life.stage import OWNER, WHICH, Stage, some

TAKES: Final = frozenset({timedelta(hours=72), timedelta(days=7)})
LATE: Final = 70
A_WEEK: Final = timedelta(days=7, minutes=5)
STOPS: Final = ("stay", "disown", "object")


class Partings(Stage):
    @rule(pages=Stage.pages, which=WHICH)
    def removes(self, pages: BrowserSession, which: int) -> None:
        self._removes(pages, which)

    @rule(phone=Stage.phones, which=WHICH)
    def signs_in_and_removes(self, phone: SignedInPhone, which: int) -> None:
        pages = self.at_her_pages(phone)
        if pages is not None:
            self._removes(pages, which)

    def _removes(self, pages: BrowserSession, which: int) -> None:
        """Whoever can report begins to leave, and never any faster than told."""
        contact = self.someone_of(pages, which)
        before, asked_at = contact["status"], self.now()
        after = self.do(self.changes.remove(pages, contact["id"]))
        self.look()
        if after is None or before != "active":
            return
        assert after.status is LEAVING
        assert after.leaves_at is not None
        assert after.removal_takes in TAKES
        assert after.leaves_at - after.removal_takes >= asked_at

    @rule(subject=OWNER, which=WHICH, hears=st.booleans())
    def removes_and_waits(self, subject: str, which: int, *, hears: bool) -> None:
        """Gone when the time has come if a notice left the house; otherwise still one of them."""
        pages = self.pages_of(subject)
        if pages is None:
            return
        self._removes(pages, which)
        contact = self.watch.rows("contacts")[self.someone_of(pages, which)["id"]]
        if contact["status"] != LEAVING or contact["removal_noticed_at"] is not None:
            return
        self.life.post.strikes = not hears
        for job in ("send", "settle"):
            self.do(self.life.job(job))
        self.do(self.life.jump(A_WEEK))
        self.look()
        contact = self.watch.rows("contacts")[contact["id"]]
        was_told = contact["removal_noticed_at"] is not None
        self.do(self.life.job("settle"))
        self.look()
        after = self.watch.rows("contacts")[contact["id"]]
        # An account that was to close may be closed by now.
        assert after["status"] in {"removed" if was_told else "leaving", "ended"}
        self.life.post.strikes = False

    @rule(subject=OWNER, which=WHICH, hows=st.permutations(STOPS))
    def removes_and_thinks_again(self, subject: str, which: int, hows: list[str]) -> None:
        """Each way of stopping it, one after the other."""
        pages = self.pages_of(subject)
        if pages is None:
            return
        for how in hows:
            self._removes(pages, which)
            if self.watch.leaving():
                self.thinks_again(0, how)

    @precondition(lambda self: self.watch.leaving())
    @rule(which=WHICH, how=st.sampled_from(STOPS))
    def thinks_again(self, which: int, how: str) -> None:
        """ "This was not me" needs nothing but the notice; it works whenever nothing is frozen."""
        leaving = self.watch.leaving()
        contact = leaving[which % len(leaving)]
        if how == "object":
            frozen = self.watch.account_of(contact)["state"] == accounts.FROZEN
            stopped = self.do(self.changes.object_to(contact))
            assert not (stopped and frozen)
        else:
            pages = self.pages_of(self.watch.account_of(contact)["subject"])
            if pages is None:
                return
            act = self.changes.stay if how == "stay" else self.changes.disown
            stopped = self.do(act(pages, contact["id"])) is not None
        self.look()
        if stopped:
            after = self.watch.rows("contacts")[contact["id"]]
            assert (after["status"], after["leaves_at"]) == ("active", None)

    @rule(target=Stage.invitations, pages=Stage.pages, which=WHICH)
    def sends_again(self, pages: BrowserSession, which: int) -> Any:
        contact = self.someone_of(pages, which)
        return some(self.do(self.changes.send_again(pages, contact["id"])))

    @rule(which=WHICH, is_somebody_else=st.booleans())
    def leaves(self, which: int, *, is_somebody_else: bool) -> None:
        """At once, frozen or not; nobody else can make them stay."""
        contact = self.one_of("contacts", which)
        if is_somebody_else:
            self.do(self.changes.not_me(contact["id"]))
            self.look()
            assert self.watch.rows("contacts")[contact["id"]]["link_sha256"] is None
        elif self.do(self.changes.leave(contact["id"])):
            self.look()
            assert self.watch.rows("contacts")[contact["id"]]["status"] == "left"

    # Most are closed: one that stays open keeps the account from being closed.
    @rule(
        subject=OWNER,
        which=WHICH,
        trained=st.booleans(),
        closes=st.sampled_from((True, True, False)),
    )
    def does_not_feel_safe(self, subject: str, which: int, *, trained: bool, closes: bool) -> None:
        """Whoever is trained removes at once, and only they; then that ticket is closed."""
        pages = self.pages_of(subject)
        if pages is None:
            return
        self.do(self.changes.feels_unsafe(pages))
        self.look()
        for ticket in self.watch.waiting(TicketKind.SAFETY):
            if ticket["account_id"] != pages.account_id:
                continue
            contact = self.someone_of(pages, which)
            done = self.do(
                self.changes.remove_for_safety(ticket["id"], contact["id"], trained=trained)
            )
            assert trained or not done
            self.look()
            if done:
                after = self.watch.rows("contacts")[contact["id"]]
                assert (after["status"], after["removed_for_safety"]) == ("removed", True)
            if closes:
                self.do(self.changes.close_safety(ticket["id"]))

    # The second owner's, of whom the first one's life does not need anything.
    @initialize(dice=st.integers(0, 5))
    def what_was_before(self, dice: int) -> None:
        """What by chance hardly any life comes to the end of has happened in one of six each: a
        closing, one that is announced, a removal, a rehearsal."""
        second = OWNERS[1]
        match dice:
            case 0 | 1:
                self.do(self.changes.close_account(second, ClosingReason.CLOSED))
                if dice == 0:
                    self.do(self.life.jump(timedelta(hours=73)))
                    self.do(self.life.job("close"))
                self.look()
            case 2:
                self.removes_and_waits(second, 0, hears=True)
            case 3:
                self.rehearses(second, 0)
            case _:
                return

    # Late in a life, so that it was lived before.
    @precondition(lambda self: self.steps >= LATE)
    @rule(
        subject=OWNER,
        reason=st.sampled_from(ClosingReason),
        waits=st.sampled_from((True, True, False)),
    )
    def the_wallet_closes(self, subject: str, reason: ClosingReason, *, waits: bool) -> None:
        """Never while frozen, nor while anybody waits for an answer."""
        account = self.watch.account(subject)
        waiting = [
            row
            for kind in TicketKind
            for row in self.watch.waiting(kind)
            if row["account_id"] == account["id"]
        ]
        announced = self.do(self.changes.close_account(subject, reason))
        assert not (announced and account["state"] == accounts.FROZEN)
        assert not (announced and waiting and account["closes_at"] is None)
        if announced and waits:
            self.do(self.life.jump(timedelta(hours=73)))
            self.do(self.life.job("close"))
            self.look()
            assert self.watch.account(subject)["state"] == accounts.CLOSED

    @rule(subject=OWNER, which=WHICH)
    def rehearses(self, subject: str, which: int) -> None:
        """Nothing is stopped, and nobody's queue grows."""
        pages = self.pages_of(subject)
        if pages is None:
            return
        contact = self.someone_of(pages, which)
        frozen, opened = self.count("account-frozen"), len(self.watch.rows("tickets"))
        self.do(self.changes.rehearse(pages, contact["id"]))
        self.look()
        assert self.count("account-frozen") == frozen
        assert len(self.watch.rows("tickets")) == opened
