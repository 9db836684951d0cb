"""What every act of a life stands on: one house, one event loop, and who was met so far."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, multiple

from domain import accounts
from domain.challenges import Purpose
from service.operations.sessions import ToldDevice
from service.storage.introspection import Introspection
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.life.asking import Asking, Whose
from tests.life.at_the_desk import AtTheDesk
from tests.life.changing import Changing
from tests.life.living import Life, SignedInPhone, Sitting
from tests.life.nursery import OWNERS, Nursery
from tests.life.watching import Watch
from tests.life.ways_in import WaysIn

T = TypeVar("T")
# What a step adds to a bundle when a rule said no.
NOTHING: Final[Any] = multiple()  # pyright: ignore[reportUnknownVariableType]  # not annotated there
OWNER: Final = st.sampled_from(OWNERS)
NAME: Final = st.sampled_from(("Carl", "Cleo", "Mallory", "Dora", "Eva", "Filip", "Gil"))
# Whom of those there are; often one of the newest.
WHICH: Final = st.integers(min_value=0, max_value=8)
# Longer than the longest wait after one code, shorter than an hour.
PATIENCE: Final = timedelta(minutes=33)


class Stage(RuleBasedStateMachine):
    phones: Bundle[SignedInPhone] = Bundle("phones")
    page_links: Bundle[str] = Bundle("page_links")
    pages: Bundle[BrowserSession] = Bundle("pages")
    # Subject and code, as it stands on paper.
    cards: Bundle[tuple[str, str]] = Bundle("cards")
    invitations: Bundle[str] = Bundle("invitations")
    links: Bundle[str] = Bundle("links")
    sittings: Bundle[Sitting] = Bundle("sittings")

    def __init__(self, nursery: Nursery) -> None:
        super().__init__()
        # Looked at once before the first.
        self.steps: int = -1
        self._ends = ExitStack()
        self._runner = self._ends.enter_context(asyncio.Runner())
        url = self._ends.enter_context(nursery.life())
        house = nursery.house(url)
        self._ends.callback(lambda: self.do(house.engine.dispose()))
        plain = url.replace("+asyncpg", "")
        asked = self.do(Introspection.connect(plain))
        self._ends.callback(lambda: self.do(asked.close()))
        born = self.born = nursery.born
        self.life = Life(house, born)
        self.ways = WaysIn(house, born.wallet)
        self.desk = AtTheDesk(house, born.agents)
        self.changes = Changing(self.life, born.agents)
        self.watch = Watch(house, asked, born.wallet, born.gateways_secret, list(born.agents))
        self.asking = Asking()
        self.entered: Counter[str] = Counter()
        # The card each owner has now, and the codes that froze something.
        self.valid: dict[str, set[str]] = {OWNERS[0]: set(born.card)}
        self.spent: set[str] = set()
        self.do(self.watch.look())

    def do(self, act: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(act)

    def look(self) -> None:
        """In the middle of a step that has several acts."""
        self.do(self.watch.look())

    def one_of(self, name: str, which: int) -> dict[str, Any]:
        known = self.watch.newest(name)
        return known[which % len(known)]

    def someone_of(self, pages: BrowserSession, which: int) -> dict[str, Any]:
        """One of this owner's people, gone or not."""
        theirs = [
            row for row in self.watch.newest("contacts") if row["account_id"] == pages.account_id
        ]
        return theirs[which % len(theirs)]

    def at_her_pages(self, phone: SignedInPhone) -> BrowserSession | None:
        once = self.do(self.life.ask_page_link(phone, LinkPurpose.MANAGE, timedelta(0)))
        return None if once is None else self.do(self.life.enter(once))

    def pages_of(self, subject: str) -> BrowserSession | None:
        """From a device nobody has reported, which signs in for this."""
        number = self.life.number()
        device = ToldDevice(id=f"new {number}", label="Moto", platform="android")
        phone = self.signs_in(subject, device)
        return self.at_her_pages(phone) if isinstance(phone, SignedInPhone) else None

    def now(self) -> datetime:
        return self.do(cast.now(self.life.house))

    def count(self, event: str) -> int:
        """How often the journal says so, as the last look found it."""
        return self.watch.record.happened[event]

    def signs_in(self, subject: str, device: ToldDevice) -> Any:
        """Never while frozen, and never again on a device that was lost."""
        token = f"token {self.life.number()}"
        account = self.watch.account(subject)
        known = [
            row
            for row in self.watch.rows("devices").values()
            if (row["account_id"], row["name"]) == (account["id"], device.id)
        ]
        session_id = self.do(self.life.begin_session(subject, token, device))
        if session_id is None:
            return NOTHING
        assert account["state"] != accounts.FROZEN
        assert all(row["epoch"] == account["epoch"] for row in known)
        self.watch.tokens[token] = subject
        return SignedInPhone(subject, session_id)

    def ask_code(self, sitting: Sitting, network: str | None = None) -> bool:
        """Whether it was allowed; more often than promised it never is."""
        after = self.do(cast.now(self.life.house))
        if not self.do(self.life.ask_code(sitting, network)):
            return False
        before = self.do(cast.now(self.life.house))
        self.asking.was_sent(self.whose(sitting), after=after, before=before)
        assert len(sitting.codes[-1]) == (6 if sitting.address is None else 8)
        return True

    def wait_for_code(self, sitting: Sitting) -> bool:
        """Until the instant that the page names, unless it is too far away."""
        waiting = self.do(self.ways.next_code_from(sitting))
        if waiting is None:
            return True
        wait = waiting - self.do(cast.now(self.life.house))
        if wait > PATIENCE:
            return False
        self.do(self.life.jump(max(wait, timedelta(0))))
        return True

    def type_code(self, sitting: Sitting, typed: str) -> bool:
        """Where only the purpose decides what the right code opens."""
        whose = self.whose(sitting)
        withdraws = sitting.purpose is Purpose.WITHDRAW
        act = self.life.withdraw if withdraws else self.life.verify
        succeeded = self.do(act(sitting, typed))
        self.has_opened(sitting, typed, whose, succeeded=succeeded)
        return succeeded

    def has_opened(self, sitting: Sitting, typed: str, whose: Whose, *, succeeded: bool) -> None:
        if not succeeded:
            return
        # With one of its own last two codes, and with each of them once. Who is verified already
        # may ask for another one and prove it again: that opens nothing that was not open.
        assert typed in sitting.codes[-2:]
        assert typed not in sitting.spent
        sitting.spent.append(typed)
        self.asking.was_right(whose)
        if sitting.address is not None:
            # The code opens only whoever is enrolled where it went.
            contact_id = sitting.session.contact_id
            assert contact_id is not None
            assert self.life.lives_at[contact_id] == sitting.address

    def whose(self, sitting: Sitting) -> Whose:
        session = sitting.session
        who: object = sitting.address
        if who is None:
            contacts = self.watch.rows("contacts")
            who = contacts[session.contact_id]["person_id"] if session.contact_id else None
        return Whose(session.way, sitting.purpose, who)


def some(made: object) -> Any:
    return NOTHING if made is None else made
