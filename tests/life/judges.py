"""What becomes of reports: judged by agents, objected to by owners, heard without any effect."""

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain import accounts
from domain.challenges import Purpose
from domain.reports import LossKind, Outcome
from domain.tickets import CloseReason, Duress, TicketKind
from tests import people as cast
from tests.life.agents import AGENT, ENOUGH
from tests.life.living import Sitting, Told
from tests.life.nursery import OWNERS
from tests.life.reporters import Reporters
from tests.life.rights import may_stop
from tests.life.stage import OWNER, WHICH, Stage

TWO: Final = st.tuples(AGENT, AGENT)
ACR: Final = st.sampled_from((cast.NORTE.strong_acr[0], "urn:norte:pin"))
COUNTS_FOR: Final = timedelta(days=180)


class Judges(Reporters):
    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(which=WHICH, outcome=st.sampled_from(Outcome), agents=TWO, confirms=st.booleans())
    def judges(
        self, which: int, outcome: Outcome, agents: tuple[int, int], *, confirms: bool
    ) -> None:
        self._judges(self.one_of("loss_reports", which), outcome, agents, confirms=confirms)

    @precondition(lambda self: self.watch.undecided())
    @rule(which=WHICH, again=st.booleans(), comes_back=st.booleans())
    def is_found_false(self, which: int, *, again: bool, comes_back: bool) -> None:
        """The whole way, by two who may; also of what the same person says in the pause."""
        undecided = self.watch.undecided()
        report = undecided[which % len(undecided)]
        ticket_id, contact_id = report["ticket_id"], report["contact_id"]
        self._is_false(report)
        if again:
            sitting: Any = self.comes_by_address(self.life.lives_at[contact_id], Purpose.REPORT)
            self._tells(sitting, contact_id, Told(LossKind.LOST), button=False)
            for later in self.watch.undecided():
                if (later["ticket_id"], later["contact_id"]) == (ticket_id, contact_id):
                    self._is_false(later)
        if comes_back:
            self.goes_the_whole_way_of(ticket_id)
            self.do(self.changes.reinstate(report, 1, 2))

    def _is_false(self, report: dict[str, Any]) -> None:
        for kind in ENOUGH:
            self.do(self.desk.prove(report["ticket_id"], kind, 1))
        self.look()
        seen: int = self.watch.rows("tickets")[report["ticket_id"]]["row_version"]
        self.do(self.desk.answer_duress(report["ticket_id"], Duress.FREE, 1, seen=seen))
        self.do(self.changes.hear(report, 1, asks=False))
        self._judges(report, Outcome.FALSE, (1, 2), confirms=True)

    def goes_the_whole_way_of(self, ticket_id: Any) -> None:
        self.do(self.desk.propose(ticket_id, 1))
        self.look()
        for proposal in self.watch.newest("proposals")[:1]:
            self.do(self.desk.approve(proposal["ticket_id"], proposal["id"], 2))

    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(which=WHICH, agent=AGENT, asks=st.booleans())
    def hears_the_reporter(self, which: int, agent: int, *, asks: bool) -> None:
        self.do(self.changes.hear(self.one_of("loss_reports", which), agent, asks=asks))

    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(which=WHICH, agents=TWO)
    def reinstates(self, which: int, agents: tuple[int, int]) -> None:
        report = self.one_of("loss_reports", which)
        before = self.watch.rows("contacts")[report["contact_id"]]["status"]
        self.do(self.changes.reinstate(report, *agents))
        self.look()
        after = self.watch.rows("contacts")[report["contact_id"]]["status"]
        # Only by two different people, of whom another may have proposed it before.
        is_back = (before, after) == ("suspended", "active")
        assert not is_back or agents[0] != agents[1] or self.count("reinstatement-proposed") > 1

    @precondition(lambda self: self.watch.is_frozen)
    @rule(
        subject=OWNER,
        age=st.sampled_from((timedelta(0), timedelta(minutes=6), timedelta(days=1))),
        acr=ACR,
    )
    def disputes(self, subject: str, age: timedelta, acr: str) -> None:
        """Heard or not, nothing is released by it; before the freeze and weakly it is refused."""
        account = self.watch.account(subject)
        released = self.count("account-released")
        heard = self.do(self.changes.dispute(account["id"], age, acr))
        self.look()
        after = self.watch.account(subject)
        assert (after["state"], after["version"]) == (account["state"], account["version"])
        assert self.count("account-released") == released
        if heard:
            assert acr in cast.NORTE.strong_acr
            assert account["state"] == accounts.FROZEN
            assert self.now() - age > account["frozen_at"]

    @precondition(lambda self: self.watch.unheard())
    @rule(
        target=Stage.sittings,
        which=WHICH,
        kind=st.sampled_from(LossKind),
        presses_the_other=st.booleans(),
    )
    def is_heard_without_effect(
        self, which: int, kind: LossKind, *, presses_the_other: bool
    ) -> Any:
        """Paused, suspended, lately removed: they come with their own address, and stop nothing."""
        unheard = self.watch.unheard()
        contact = unheard[which % len(unheard)]
        sitting: Any = self.comes_by_address(self.life.lives_at[contact["id"]], Purpose.REPORT)
        self._tells(sitting, contact["id"], Told(kind), button=presses_the_other)
        return sitting

    def _tells(self, sitting: Sitting, contact_id: Any, told: Told, *, button: bool) -> None:
        self.look()
        contact = self.watch.rows("contacts")[contact_id]
        # Waiting for the code may have outlasted a pause.
        if may_stop(contact, self.watch.account_of(contact), self.now()):
            return
        frozen = self.count("account-frozen")
        if sitting.session.verified_at is not None:
            if button:
                assert self.do(self.life.report(sitting, contact_id, told)) is None
            self.do(self.changes.tell(sitting, contact_id, told))
        self.look()
        assert self.count("account-frozen") == frozen

    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agents=TWO, reason=st.sampled_from(CloseReason), waits=st.booleans())
    def lays_aside(
        self, which: int, agents: tuple[int, int], reason: CloseReason, *, waits: bool
    ) -> None:
        """Only what nobody confirmed, and never while the account is frozen."""
        ticket = self.one_of("tickets", which)
        for agent in agents:
            self.do(self.changes.note_attempt(ticket["id"], agent))
            if waits:
                self.do(self.life.jump(timedelta(minutes=31)))
        self.look()
        ticket = self.watch.rows("tickets")[ticket["id"]]
        account = self.watch.rows("accounts")[ticket["account_id"]]
        if self.do(self.changes.lay_aside(ticket, reason, agents[0])):
            assert ticket["unconfirmed"]
            assert account["state"] != accounts.FROZEN

    @precondition(lambda self: self.watch.is_frozen and self.watch.leaving())
    @rule(which=WHICH, agent=AGENT, goes_on=st.booleans())
    def owner_decides_a_removal(self, which: int, agent: int, *, goes_on: bool) -> None:
        leaving = self.watch.leaving()
        contact = leaving[which % len(leaving)]
        for ticket in self.watch.waiting(TicketKind.LOSS):
            self.do(
                self.changes.decide_removal(ticket["id"], contact["id"], agent, goes_on=goes_on)
            )

    @rule(which=WHICH, token=st.integers(0, 1), goes_on=st.booleans())
    def a_loss_overtakes_a_removal(self, which: int, token: int, *, goes_on: bool) -> None:
        """It stands still, and the verified owner says what becomes of it."""
        pages = self.pages_of(OWNERS[0])
        if pages is None:
            return
        self.do(self.changes.remove(pages, self.someone_of(pages, which)["id"]))
        sitting: Any = self.comes_with_a_link(self.born.links[token], Purpose.REPORT)
        if not isinstance(sitting, Sitting):
            return
        self._reports_at_once(sitting, Told(LossKind.STOLEN))
        self.look()
        for ticket in self.watch.waiting(TicketKind.LOSS):
            for kind in ENOUGH:
                self.do(self.desk.prove(ticket["id"], kind, 1))
            for one in self.watch.leaving():
                if one["account_id"] == ticket["account_id"]:
                    self.do(
                        self.changes.decide_removal(ticket["id"], one["id"], 1, goes_on=goes_on)
                    )

    def _judges(
        self,
        report: dict[str, Any],
        outcome: Outcome,
        agents: tuple[int, int],
        *,
        confirms: bool,
    ) -> None:
        self.do(self.changes.decide(report, outcome, agents[0]))
        self.look()
        judged = self.watch.rows("loss_reports")[report["id"]]
        # Never by one alone.
        assert judged["outcome"] != Outcome.FALSE or report["outcome"] == Outcome.FALSE
        counted = self.do(self.changes.answer_verdict(report, agents[1], confirms=confirms))
        self.look()
        if not counted:
            return
        judged = self.watch.rows("loss_reports")[report["id"]]
        assert judged["outcome"] == Outcome.FALSE
        self.watch.false_report_counts(judged, within=COUNTS_FOR, now=self.now())
