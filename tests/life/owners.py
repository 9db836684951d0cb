"""Owners and their wallet: sessions, pages, trusted people, and being without a phone."""

from datetime import timedelta
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition, rule

from domain import accounts
from domain.accounts import Done
from service.operations.sessions import ToldDevice
from service.storage.values import BrowserSession, LinkPurpose
from tests import people as cast
from tests.life.living import SignedInPhone
from tests.life.nursery import OWNERS
from tests.life.stage import NAME, NOTHING, OWNER, WHICH, Stage, some

DEVICE: Final = st.sampled_from(
    (cast.PHONE, cast.LAPTOP, ToldDevice(id="tablet", label="Tab", platform="android"))
)
BROWSER: Final = st.sampled_from(("a borrowed phone", "a library", "Mallory's"))


class Owners(Stage):
    @initialize(target=Stage.phones)
    def phones_of_before(self) -> Any:
        self.watch.tokens |= {token: subject for subject, _, token in self.born.phones}
        return multiple(*(SignedInPhone(s, session) for s, session, _ in self.born.phones))

    @initialize(target=Stage.cards)
    def card_of_before(self) -> Any:
        return multiple(*((OWNERS[0], code) for code in self.born.card))

    @rule(target=Stage.phones, subject=OWNER, device=DEVICE)
    def begins_a_session(self, subject: str, device: ToldDevice) -> Any:
        """Never while frozen, and never again on a device that was lost."""
        return self.signs_in(subject, device)

    @rule(phone=Stage.phones)
    def ends_a_session(self, phone: SignedInPhone) -> None:
        self.do(self.life.end_session(phone.session_id))

    @rule(
        target=Stage.page_links,
        phone=Stage.phones,
        purpose=st.sampled_from(LinkPurpose),
        age=st.sampled_from((timedelta(0), timedelta(minutes=6))),
    )
    def asks_for_a_page_link(
        self, phone: SignedInPhone, purpose: LinkPurpose, age: timedelta
    ) -> Any:
        return some(self.do(self.life.ask_page_link(phone, purpose, age)))

    @rule(target=Stage.pages, once=Stage.page_links)
    def enters(self, once: str) -> Any:
        session = self.do(self.life.enter(once))
        self.entered[once] += session is not None
        assert self.entered[once] <= 1
        return some(session)

    @rule(target=Stage.pages, phone=Stage.phones)
    def goes_to_her_pages(self, phone: SignedInPhone) -> Any:
        once = self.do(self.life.ask_page_link(phone, LinkPurpose.MANAGE, timedelta(0)))
        return NOTHING if once is None else self.enters(once)

    @rule(target=Stage.invitations, pages=Stage.pages, name=NAME)
    def invites(self, pages: BrowserSession, name: str) -> Any:
        return some(self.do(self.life.invite(pages, name)))

    @rule(pages=Stage.pages, which=WHICH)
    def takes_back(self, pages: BrowserSession, which: int) -> None:
        contact = self.one_of("contacts", which)
        self.do(self.life.take_back(pages, contact["id"]))

    @rule(target=Stage.cards, pages=Stage.pages)
    def prints_a_card(self, pages: BrowserSession) -> Any:
        """The codes of the card before are worth nothing from now on."""
        codes = self.do(self.life.make_card(pages))
        if codes is None:
            return NOTHING
        accounts_ = self.watch.rows("accounts")
        subject = accounts_[pages.account_id]["subject"] if pages.account_id else ""
        self.valid[subject] = set(codes)
        return multiple(*((subject, code) for code in codes))

    @rule(
        card=Stage.cards,
        subject=st.sampled_from((*OWNERS, "nobody")),
        own=st.booleans(),
        number=st.sampled_from(("", "011 4321-1234")),
        browser=BROWSER,
        twice=st.booleans(),
    )
    def has_only_the_card(
        self,
        card: tuple[str, str],
        subject: str,
        number: str,
        browser: str,
        *,
        own: bool,
        twice: bool,
    ) -> None:
        """It freezes at once, and each code once; at another's address it is only wrong."""
        whose, code = card
        for _ in range(2 if twice else 1):
            self._types_card_code(whose if own else subject, code, number, browser)

    def _types_card_code(self, subject: str, code: str, number: str, browser: str) -> None:
        before = self.watch.record.happened["recovery-code-used"]
        self.do(self.ways.ask_for_help(f"{subject}@correo.example", code, number, browser))
        self.look()
        if self.watch.record.happened["recovery-code-used"] == before:
            return
        assert code in self.valid.get(subject, set())
        assert code not in self.spent
        self.spent.add(code)
        assert self.watch.account(subject)["state"] == accounts.FROZEN

    @rule(subject=st.sampled_from((*OWNERS, "nobody")), browser=BROWSER)
    def leaves_a_hint(self, subject: str, browser: str) -> None:
        """Anybody may; with nothing but words nothing is frozen."""
        frozen = self.watch.record.happened["account-frozen"]
        address = f"{subject}@correo.example"
        self.do(self.ways.ask_for_help(address, None, "011 4321-1234", browser))
        self.do(self.life.job("hints"))
        self.look()
        assert self.watch.record.happened["account-frozen"] == frozen

    @precondition(lambda self: self.watch.is_frozen)
    @rule(
        subject=OWNER,
        version=st.integers(0, 4),
        done=st.lists(st.sampled_from(Done), min_size=1, max_size=3),
    )
    def wallet_confirms(self, subject: str, version: int, done: list[Done]) -> None:
        self.do(self.life.confirm(subject, version, tuple(done)))
