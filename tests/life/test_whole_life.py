"""The whole life under chance: owners, contacts, strangers, agents and the clock do what they like.

`make lives` runs many and long ones, by chance; `make test` a few, always the same.
"""

import os
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Verbosity, settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from service.embedded import Cluster
from service.security.keys import KeyRing
from tests.life.agents import Agents
from tests.life.nursery import OWNERS, Nursery
from tests.life.owners import Owners
from tests.life.reporters import Reporters

RUNS: Final = int(os.environ.get("LIVES", "30"))
STEPS: Final = int(os.environ.get("STEPS", "100"))
OWNERS_HEAR: Final = (*(f"{subject}@correo.example" for subject in OWNERS), "+5491123456789")
JOB: Final = st.sampled_from(("seal", "lapse", "sweep", "hints", "send", "send"))
JUMP: Final = st.sampled_from(
    tuple(
        timedelta(seconds=seconds) for seconds in (1, 61, 660, 960, 3_700, 90_000, 262_800, 691_200)
    )
)


class WholeLife(Owners, Reporters, Agents):
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
        self.look()

    def teardown(self) -> None:
        try:
            self.do(self.watch.look_at_the_end())
        finally:
            self._ends.close()


def born_in(nursery: Nursery) -> Any:
    """What makes a life when asked; the library would rather have a class."""
    return lambda: WholeLife(nursery)


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
