"""The whole life under chance: owners, contacts, agents and the clock do what they like.

`make lives` runs many and long ones, by chance; `make test` a few, always the same.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import timedelta
from typing import Any, Final, TypeVar

import pytest
from hypothesis import HealthCheck, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from domain.accounts import Done
from domain.challenges import Purpose
from domain.reports import LossKind
from domain.tickets import ProofKind
from service.embedded import Cluster
from service.operations.sessions import ToldDevice
from service.security.keys import KeyRing
from service.storage.introspection import Introspection
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.life.living import Life, Said, SignedInPhone, Sitting
from tests.life.nursery import OWNERS, Nursery
from tests.life.watching import Watch

T = TypeVar("T")
RUNS: Final = int(os.environ.get("LIVES", "20"))
STEPS: Final = int(os.environ.get("STEPS", "30"))
# What a step adds to a bundle when a rule said no.
NOTHING: Final[Any] = multiple()  # pyright: ignore[reportUnknownVariableType]
OWNER: Final = st.sampled_from(OWNERS)
DEVICE: Final = st.sampled_from(
    (cast.PHONE, cast.LAPTOP, ToldDevice(id="tablet", label="Tab", platform="android"))
)
NAME: Final = st.sampled_from(("Carl", "Cleo", "Mallory", "Dora", "Eva", "Filip", "Gil"))
# Whom of those there are; often one of the newest.
WHICH: Final = st.integers(min_value=0, max_value=8)
AGENT: Final = st.integers(min_value=0, max_value=4)
JUMP: Final = st.sampled_from(
    tuple(
        timedelta(seconds=seconds) for seconds in (1, 61, 660, 960, 3_700, 90_000, 262_800, 691_200)
    )
)


class WholeLife(RuleBasedStateMachine):
    phones: Bundle[SignedInPhone] = Bundle("phones")
    page_links: Bundle[str] = Bundle("page_links")
    pages: Bundle[BrowserSession] = Bundle("pages")
    invitations: Bundle[str] = Bundle("invitations")
    links: Bundle[str] = Bundle("links")
    sittings: Bundle[Sitting] = Bundle("sittings")

    def __init__(self, nursery: Nursery) -> None:
        super().__init__()
        self._ends = ExitStack()
        self._runner = self._ends.enter_context(asyncio.Runner())
        url = self._ends.enter_context(nursery.life())
        house = nursery.house(url)
        self._ends.callback(lambda: self._do(house.engine.dispose()))
        plain = url.replace("+asyncpg", "")
        asked = self._do(Introspection.connect(plain))
        self._ends.callback(lambda: self._do(asked.close()))
        self._born = nursery.born
        self._life = Life(house, nursery.born)
        self._watch = Watch(
            house,
            asked,
            nursery.born.wallet,
            nursery.born.gateways_secret,
            list(nursery.born.agents),
        )
        self._entered: Counter[str] = Counter()
        self._do(self._watch.look())

    def _do(self, act: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(act)

    def _one_of(self, name: str, which: int) -> dict[str, Any]:
        known = self._watch.newest(name)
        return known[which % len(known)]

    @initialize(target=phones)
    def phones_of_before(self) -> Any:
        self._watch.tokens |= {token: subject for subject, _, token in self._born.phones}
        return multiple(*(SignedInPhone(s, session) for s, session, _ in self._born.phones))

    @initialize(target=links)
    def links_of_before(self) -> Any:
        return multiple(*self._born.links)

    @rule(target=phones, subject=OWNER, device=DEVICE)
    def begins_a_session(self, subject: str, device: ToldDevice) -> Any:
        token = f"token {self._life.number()}"
        session_id = self._do(self._life.begin_session(subject, token, device))
        if session_id is None:
            return NOTHING
        self._watch.tokens[token] = subject
        return SignedInPhone(subject, session_id)

    @rule(phone=phones)
    def ends_a_session(self, phone: SignedInPhone) -> None:
        self._do(self._life.end_session(phone.session_id))

    @rule(
        target=page_links,
        phone=phones,
        purpose=st.sampled_from(LinkPurpose),
        age=st.sampled_from((timedelta(0), timedelta(minutes=6))),
    )
    def asks_for_a_page_link(
        self, phone: SignedInPhone, purpose: LinkPurpose, age: timedelta
    ) -> Any:
        return _some(self._do(self._life.ask_page_link(phone, purpose, age)))

    @rule(target=pages, once=page_links)
    def enters(self, once: str) -> Any:
        session = self._do(self._life.enter(once))
        self._entered[once] += session is not None
        assert self._entered[once] <= 1
        return _some(session)

    @rule(target=pages, phone=phones)
    def goes_to_her_pages(self, phone: SignedInPhone) -> Any:
        once = self._do(self._life.ask_page_link(phone, LinkPurpose.MANAGE, timedelta(0)))
        return NOTHING if once is None else self.enters(once)

    @rule(target=invitations, pages=pages, name=NAME)
    def invites(self, pages: BrowserSession, name: str) -> Any:
        return _some(self._do(self._life.invite(pages, name)))

    @rule(pages=pages, which=WHICH)
    def takes_back(self, pages: BrowserSession, which: int) -> None:
        contact = self._one_of("contacts", which)
        self._do(self._life.take_back(pages, contact["id"]))

    @rule(target=sittings, token=st.one_of(invitations, links), purpose=st.sampled_from(Purpose))
    def opens_a_link(self, token: str, purpose: Purpose) -> Any:
        return _some(self._do(self._life.open_link(token, purpose)))

    @rule(sitting=sittings)
    def asks_for_a_code(self, sitting: Sitting) -> None:
        self._do(self._life.ask_code(sitting))

    @rule(target=links, sitting=sittings, said=st.sampled_from(Said), other=sittings)
    def types_a_code(self, sitting: Sitting, said: Said, other: Sitting) -> Any:
        typed = _typed(sitting, said, other)
        if typed is None:
            return NOTHING
        link: str | None = None
        if sitting.purpose is Purpose.ACCEPT:
            link = self._do(self._life.accept(sitting, typed))
            succeeded = link is not None
        else:
            succeeded = self._do(self._life.verify(sitting, typed))
        sitting.opened += succeeded
        # One browser verifies once, and with one of its own last two codes.
        assert sitting.opened <= 1
        assert not succeeded or typed in sitting.codes[-2:]
        return _some(link)

    @rule(target=sittings, token=links)
    def comes_to_report(self, token: str) -> Any:
        """The whole way to the code at once, so that lives come further than the door."""
        sitting = self._do(self._life.open_link(token, Purpose.REPORT))
        if sitting is None:
            return NOTHING
        self.asks_for_a_code(sitting)
        if sitting.codes:
            sitting.opened += self._do(self._life.verify(sitting, sitting.codes[-1]))
            assert sitting.opened == 1
        return sitting

    @rule(target=links, token=invitations)
    def comes_to_accept(self, token: str) -> Any:
        sitting = self._do(self._life.open_link(token, Purpose.ACCEPT))
        if sitting is None:
            return NOTHING
        self.asks_for_a_code(sitting)
        code = sitting.codes[-1] if sitting.codes else None
        return _some(code and self._do(self._life.accept(sitting, code)))

    @rule(sitting=sittings)
    def declines(self, sitting: Sitting) -> None:
        self._do(self._life.decline(sitting))

    @rule(sitting=sittings, which=WHICH, kind=st.sampled_from(LossKind), twice=st.booleans())
    def reports(self, sitting: Sitting, which: int, kind: LossKind, twice: bool) -> None:
        """Anybody may be written into the form; only their own owner's phone can be meant."""
        contact_id = self._one_of("contacts", which)["id"]
        first = self._do(self._life.report(sitting, contact_id, kind, "button"))
        if first is None:
            return
        assert first.contact_id == contact_id
        if twice:
            again = self._do(self._life.report(sitting, contact_id, kind, "button"))
            assert again is not None
            assert again.id == first.id

    @rule(target=sittings, token=links, kind=st.sampled_from(LossKind))
    def comes_and_reports(self, token: str, kind: LossKind) -> Any:
        sitting: Any = self.comes_to_report(token)
        if isinstance(sitting, Sitting) and sitting.session.contact_id is not None:
            self._do(self._life.report(sitting, sitting.session.contact_id, kind, "button"))
        return sitting

    @precondition(lambda self: self._watch.is_frozen)
    @rule(
        subject=OWNER,
        version=st.integers(0, 4),
        done=st.lists(st.sampled_from(Done), min_size=1, max_size=3),
    )
    def wallet_confirms(self, subject: str, version: int, done: list[Done]) -> None:
        self._do(self._life.confirm(subject, version, tuple(done)))

    @precondition(lambda self: self._watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT)
    def reaches_the_owner(self, which: int, agent: int) -> None:
        self._do(self._life.reach(self._one_of("tickets", which)["id"], self._life.by[agent]))

    @precondition(lambda self: self._watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT, kinds=st.lists(st.sampled_from(ProofKind), max_size=1))
    def proves(self, which: int, agent: int, kinds: list[ProofKind]) -> None:
        """One proof, or the two that are enough."""
        enough = (ProofKind.OWNER_CODE, ProofKind.WALLET_REPROOFING)
        ticket = self._one_of("tickets", which)
        for kind in kinds or enough:
            self._do(self._life.prove(ticket["id"], kind, self._life.by[agent]))

    @precondition(lambda self: self._watch.newest("tickets"))
    @rule(which=WHICH, agent=AGENT)
    def proposes(self, which: int, agent: int) -> None:
        self._do(self._life.propose(self._one_of("tickets", which)["id"], self._life.by[agent]))

    @precondition(lambda self: self._watch.newest("proposals"))
    @rule(which=WHICH, agent=AGENT, approves=st.booleans())
    def decides(self, which: int, agent: int, approves: bool) -> None:
        chosen = self._one_of("proposals", which)
        decide = self._life.approve if approves else self._life.reject
        self._do(decide(chosen["ticket_id"], chosen["id"], self._life.by[agent]))

    @precondition(lambda self: self._watch.is_frozen)
    @rule(which=WHICH, first=st.integers(1, 3), second=st.integers(1, 3))
    def goes_the_whole_way_of_a_release(self, which: int, first: int, second: int) -> None:
        """From the proofs to the approval, whoever these two are; each may be refused."""
        waiting = [row for row in self._watch.newest("tickets") if row["closed_at"] is None]
        ticket_id = waiting[which % len(waiting)]["id"]
        for kind in (ProofKind.OWNER_CODE, ProofKind.WALLET_REPROOFING):
            self._do(self._life.prove(ticket_id, kind, self._life.by[first]))
        self.all_holds()
        self._do(self._life.propose(ticket_id, self._life.by[first]))
        self.all_holds()
        for row in self._watch.newest("proposals")[:1]:
            self._do(self._life.approve(row["ticket_id"], row["id"], self._life.by[second]))

    @rule(by=JUMP)
    def time_passes(self, by: timedelta) -> None:
        self._do(self._life.jump(by))

    @rule(name=st.sampled_from(("seal", "lapse", "sweep", "dispatch")), twice=st.booleans())
    def a_job_runs(self, name: str, twice: bool) -> None:
        for _ in range(2 if twice else 1):
            self._do(self._life.job(name))

    @invariant()
    def all_holds(self) -> None:
        self._do(self._watch.look())

    def teardown(self) -> None:
        try:
            self._do(self._watch.look_at_the_end())
        finally:
            self._ends.close()


def _some(made: object) -> Any:
    return NOTHING if made is None else made


def born_in(nursery: Nursery) -> Any:
    """What makes a life when asked; the library would rather have a class."""
    return lambda: WholeLife(nursery)


def _typed(sitting: Sitting, said: Said, other: Sitting) -> str | None:
    match said:
        case Said.RIGHT:
            return sitting.codes[-1] if sitting.codes else None
        case Said.OLD:
            return sitting.codes[0] if sitting.codes else None
        case Said.WRONG:
            return f"{(int((sitting.codes or ['0'])[-1]) + 1) % 1_000_000:06}"
        case Said.OTHERS:
            return other.codes[-1] if other.codes else None


@pytest.mark.timeout(60 + 3 * RUNS * STEPS)
def test_the_whole_life_holds_under_chance(cluster: Cluster, template: str, keys: KeyRing) -> None:
    nursery = Nursery(cluster, template, keys)
    by_chance = "LIVES" in os.environ
    try:
        run_state_machine_as_test(
            born_in(nursery),
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                # A life that went wrong once must go wrong again: a fault is no matter of luck.
                derandomize=not by_chance,
                database=None,
                deadline=None,
                print_blob=True,
                verbosity=Verbosity.normal,
                suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
            ),
        )
    finally:
        nursery.end()
