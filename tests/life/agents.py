"""Agents at the console, of every level, doing whatever they like."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from domain import accounts
from domain.tickets import Duress, ProofKind
from tests import people as cast
from tests.life.stage import WHICH, Stage

AGENT: Final = st.integers(min_value=0, max_value=4)
ENOUGH: Final = (ProofKind.OWNER_CODE, ProofKind.WALLET_REPROOFING)


class Agents(Stage):
    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT)
    def reaches_the_owner(self, which: int, agent: int) -> None:
        self.do(self.desk.reach(self.one_of("tickets", which)["id"], agent))

    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT, kinds=st.lists(st.sampled_from(ProofKind), max_size=1))
    def proves(self, which: int, agent: int, kinds: list[ProofKind]) -> None:
        """One proof, or the two that are enough."""
        ticket = self.one_of("tickets", which)
        for kind in kinds or ENOUGH:
            self.do(self.desk.prove(ticket["id"], kind, agent))

    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT, answer=st.sampled_from(Duress))
    def asks_the_duress_question(self, which: int, agent: int, answer: Duress) -> None:
        ticket = self.one_of("tickets", which)
        seen: int = ticket["row_version"]
        self.do(self.desk.answer_duress(ticket["id"], answer, agent, seen=seen))

    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT)
    def lets_notices_go(self, which: int, agent: int) -> None:
        ticket = self.one_of("tickets", which)
        self.do(self.desk.let_notices_go(ticket["id"], agent, seen=ticket["row_version"]))

    @precondition(lambda self: self.watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT)
    def proposes(self, which: int, agent: int) -> None:
        self.do(self.desk.propose(self.one_of("tickets", which)["id"], agent))

    @precondition(lambda self: self.watch.newest("proposals"))
    @rule(which=WHICH, agent=AGENT, approves=st.booleans())
    def decides(self, which: int, agent: int, *, approves: bool) -> None:
        chosen = self.one_of("proposals", which)
        self._decide(chosen, agent, approves=approves)

    @precondition(lambda self: self.watch.is_frozen)
    @rule(
        which=WHICH,
        first=st.integers(1, 3),
        second=st.integers(1, 3),
        answer=st.sampled_from((None, *Duress)),
        is_rejected=st.booleans(),
        approves_removals=st.booleans(),
    )
    def goes_the_whole_way_of_a_release(
        self,
        which: int,
        first: int,
        second: int,
        answer: Duress | None,
        *,
        is_rejected: bool,
        approves_removals: bool,
    ) -> None:
        """From the proofs to the approval, whoever these two are; each may be refused."""
        waiting = [row for row in self.watch.newest("tickets") if row["closed_at"] is None]
        ticket_id = waiting[which % len(waiting)]["id"]
        for kind in ENOUGH:
            self.do(self.desk.prove(ticket_id, kind, first))
        account_id = waiting[which % len(waiting)]["account_id"]
        for contact in self.watch.leaving():
            if contact["account_id"] == account_id:
                # No release before the owner has said what becomes of those who were to go.
                self.do(
                    self.changes.decide_removal(
                        ticket_id, contact["id"], first, goes_on=approves_removals
                    )
                )
        self.look()
        if answer is not None:
            seen: int = self.watch.rows("tickets")[ticket_id]["row_version"]
            self.do(self.desk.answer_duress(ticket_id, answer, first, seen=seen))
        for approves in (False, True) if is_rejected else (True,):
            self.do(self.desk.propose(ticket_id, first))
            self.look()
            for row in self.watch.newest("proposals")[:1]:
                self._decide(row, second, approves=approves)
            self.look()

    def _decide(self, proposal: dict[str, Any], agent: int, *, approves: bool) -> None:
        """A rejection never gives anything back, nor does an approval twice."""
        released = self.watch.record.happened["account-released"]
        decide = self.desk.approve if approves else self.desk.reject
        self.do(decide(proposal["ticket_id"], proposal["id"], agent))
        self.look()
        after = self.watch.rows("proposals")[proposal["id"]]
        is_new = after["status"] == "approved" != proposal["status"]
        assert approves or not is_new
        assert self.watch.record.happened["account-released"] == released + is_new
        if is_new:
            ticket = self.watch.rows("tickets")[proposal["ticket_id"]]
            account = self.watch.rows("accounts")[ticket["account_id"]]
            assert account["state"] == accounts.ACTIVE
            # Whoever has the lost phone tries at once.
            self.signs_in(account["subject"], cast.PHONE)
