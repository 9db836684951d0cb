"""The whole life under chance: owners, contacts, strangers, agents and the clock do what they like.

`make lives` runs many and long ones, by chance; `make test` a few, always the same.
"""

import os
from collections import Counter
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from service.embedded import Cluster
from service.security.keys import KeyRing
from tests.life.agents import Agents
from tests.life.judges import Judges
from tests.life.nursery import OWNERS, Nursery
from tests.life.owners import Owners
from tests.life.partings import Partings

RUNS: Final = int(os.environ.get("LIVES", "66"))
STEPS: Final = int(os.environ.get("STEPS", "100"))
ENOUGH: Final = 2_000
# What the short run must have lived through; without it a rule above protects nothing.
OFTEN: Final = (
    *("account-frozen", "account-released", "removal-begun", "removal-noticed"),
    *("removal-cancelled", "removal-disowned", "removal-decided", "contact-removed"),
    *("contact-left", "contact-paused", "contact-suspended", "contact-reinstated"),
    *("unconfirmed-loss-reported", "drill-done"),
    *("safety-asked", "contact-removed-for-safety", "safety-ticket-closed"),
    *("account-closing-begun", "account-closed"),
)
OWNERS_HEAR: Final = (*(f"{subject}@correo.example" for subject in OWNERS), "+5491123456789")
JOB: Final = st.sampled_from(("seal", "settle", "close", "sweep", "hints", "send", "send"))
JUMP: Final = st.sampled_from(
    tuple(
        timedelta(seconds=seconds) for seconds in (1, 61, 660, 960, 3_700, 90_000, 262_800, 691_200)
    )
)


class Lived:
    """What all lives of a run came to."""

    def __init__(self) -> None:
        self.lives = 0
        self.steps = 0
        self.happened: Counter[str] = Counter()


class WholeLife(Owners, Partings, Judges, Agents):
    def __init__(self, nursery: Nursery, lived: Lived) -> None:
        super().__init__(nursery)
        self._lived = lived
        # How much had arrived when a removal was first seen, by whom it is of and when it began.
        self._arrived_before: dict[tuple[object, object], int] = {}

    # Down in a third of the cases, so that most letters arrive.
    @rule(strikes=st.sampled_from((True, False, False)))
    def the_post_strikes(self, *, strikes: bool) -> None:
        self.life.post.strikes = strikes

    @rule(by=JUMP)
    def time_passes(self, by: timedelta) -> None:
        self.do(self.life.jump(by))

    @rule(name=JOB, twice=st.booleans())
    def a_job_runs(self, name: str, *, twice: bool) -> None:
        """Messages reach nobody who must not hear: the owner in danger, an address that is
        nobody's."""
        told = len(self.life.post.arrived)
        quiet = {f"{subject}@correo.example" for subject in self.watch.not_written_to()}
        for _ in range(2 if twice else 1):
            self.do(self.life.job(name))
        arrived = {message.to for message in self.life.post.arrived[told:]}
        assert arrived.isdisjoint(quiet)
        assert arrived <= {*OWNERS_HEAR, *self.life.lives_at.values()}

    @invariant()
    def all_holds(self) -> None:
        # Looked at once before the first step, and after each.
        self.steps += 1
        self.look()
        self._nobody_goes_untold()

    def _nobody_goes_untold(self) -> None:
        """A removal has effect only once a notice of it has left the house."""
        for contact in self.watch.leaving():
            of = contact["id"], contact["removal_began_at"]
            arrived = self._arrived_before.setdefault(of, len(self.life.post.arrived))
            if contact["removal_noticed_at"] is not None:
                theirs = {*OWNERS_HEAR, self.life.lives_at[contact["id"]]}
                assert any(one.to in theirs for one in self.life.post.arrived[arrived:])

    def teardown(self) -> None:
        self._lived.lives += 1
        self._lived.steps += self.steps
        self._lived.happened += self.watch.record.happened
        try:
            self.do(self.watch.look_at_the_end())
        finally:
            self._ends.close()


def born_in(nursery: Nursery, lived: Lived) -> Any:
    """What makes a life when asked; the library would rather have a class."""
    return lambda: WholeLife(nursery, lived)


@pytest.mark.timeout(60 + 3 * RUNS * STEPS)
def test_the_whole_life_holds_under_chance(cluster: Cluster, template: str, keys: KeyRing) -> None:
    lived = Lived()
    nursery = Nursery(cluster, template, keys)
    by_chance = "LIVES" in os.environ
    try:
        run_state_machine_as_test(
            born_in(nursery, lived),
            settings=settings(
                max_examples=RUNS,
                stateful_step_count=STEPS,
                # A life that went wrong once must go wrong again: a fault is no matter of luck.
                derandomize=not by_chance,
                # The short run shows a fault at once; the long one makes it small as well.
                phases=(Phase.generate, Phase.shrink) if by_chance else (Phase.generate,),
                database=None,
                deadline=None,
                print_blob=True,
                verbosity=Verbosity.normal,
                suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
            ),
        )
    finally:
        nursery.end()
    if by_chance:
        return
    assert lived.steps >= ENOUGH
    missing = {name for name in OFTEN if not lived.happened[name]}
    assert not missing, f"nobody lived through {sorted(missing)}: {dict(lived.happened)}"
