"""Contacts and strangers: invitations, codes, reports, and taking them back."""

from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import initialize, multiple, precondition, rule

from domain.challenges import Purpose
from domain.reports import LossKind, OwnerSafe
from tests.life.living import Said, Sitting, Told
from tests.life.stage import NAME, NOTHING, WHICH, Stage, some
from tests.life.ways_in import NOBODYS

TOLD: Final = st.builds(Told, kind=st.sampled_from(LossKind), safe=st.sampled_from(OwnerSafe))
ADDRESS: Final = st.one_of(
    st.just(NOBODYS), NAME.map(lambda name: f"{name.lower()}@correo.example")
)
# Whom Carl's link, Carl's address and Carl's code belong to is never asked; it follows.
COMES_FOR: Final = st.sampled_from((Purpose.REPORT, Purpose.FOLLOW))
FLOOD: Final = 4
MOST_TO_ADDRESS: Final = 10


class Reporters(Stage):
    @initialize(target=Stage.links)
    def links_of_before(self) -> Any:
        return multiple(*self.born.links)

    @initialize(target=Stage.sittings, token=st.integers(0, 2), told=st.one_of(TOLD, st.none()))
    def loss_of_before(self, token: int, told: Told | None) -> Any:
        """Most of what can go wrong begins with a loss; not every life does."""
        if told is None:
            return NOTHING
        sitting = self.comes_with_a_link(self.born.links[token], Purpose.REPORT)
        return self._reports_at_once(sitting, told)

    @rule(
        target=Stage.sittings,
        token=st.one_of(Stage.invitations, Stage.links),
        purpose=st.sampled_from(Purpose),
    )
    def opens_a_link(self, token: str, purpose: Purpose) -> Any:
        return some(self.do(self.life.open_link(token, purpose)))

    @rule(target=Stage.sittings, typed=ADDRESS, purpose=COMES_FOR)
    def types_an_address(self, typed: str, purpose: Purpose) -> Any:
        return self.do(self.ways.type_address(typed, purpose))

    @rule(sitting=Stage.sittings)
    def asks_for_a_code(self, sitting: Sitting) -> None:
        self.ask_code(sitting)

    @rule(
        target=Stage.links,
        sitting=Stage.sittings,
        said=st.sampled_from(Said),
        other=Stage.sittings,
    )
    def types_a_code(self, sitting: Sitting, said: Said, other: Sitting) -> Any:
        typed = _typed(sitting, said, other)
        if typed is None:
            return NOTHING
        if sitting.purpose is not Purpose.ACCEPT:
            self.type_code(sitting, typed)
            return NOTHING
        whose = self.whose(sitting)
        link = self.do(self.life.accept(sitting, typed))
        self.has_opened(sitting, typed, whose, succeeded=link is not None)
        return some(link)

    @rule(target=Stage.sittings, token=Stage.links, purpose=COMES_FOR)
    def comes_with_a_link(self, token: str, purpose: Purpose) -> Any:
        """The whole way to the code at once, so that lives come further than the door."""
        sitting = self.do(self.life.open_link(token, purpose))
        if sitting is None:
            return NOTHING
        self.wait_for_code(sitting)
        if self.ask_code(sitting):
            self.type_code(sitting, sitting.codes[-1])
        return sitting

    @rule(target=Stage.sittings, typed=ADDRESS, purpose=COMES_FOR)
    def comes_by_address(self, typed: str, purpose: Purpose) -> Any:
        """The same way without a link. For nobody's address no code is right, and none is refused
        because of it."""
        sitting = self.do(self.ways.type_address(typed, purpose))
        may_ask = self.wait_for_code(sitting)
        # Each time from elsewhere: what one network may spend is not what this is about.
        asked = self.ask_code(sitting, f"198.51.{self.life.number() % 250}.0/24")
        # One mailbox gets no more than ten in a row this way, whatever they are for.
        assert asked == may_ask or (may_ask and self.asking.how_many(typed) >= MOST_TO_ADDRESS)
        if sitting.codes:
            verified = self.type_code(sitting, sitting.codes[-1])
            assert not (verified and typed == NOBODYS)
        return sitting

    @rule(target=Stage.links, token=Stage.invitations)
    def comes_to_accept(self, token: str) -> Any:
        sitting = self.do(self.life.open_link(token, Purpose.ACCEPT))
        if sitting is None or not self.wait_for_code(sitting) or not self.ask_code(sitting):
            return NOTHING
        return self.types_a_code(sitting, Said.RIGHT, sitting)

    @rule(token=Stage.links, wrong=st.booleans())
    def strangers_take_nothing_from_a_link_holder(self, token: str, *, wrong: bool) -> None:
        """They ask at the holder's own address and type what is wrong; the holder still gets a
        code at once, and it is right, whenever that was so before."""
        sitting = self.do(self.life.open_link(token, Purpose.REPORT))
        if sitting is None or sitting.session.contact_id is None:
            return
        could = self.wait_for_code(sitting)
        typed = self.life.lives_at[sitting.session.contact_id]
        for number in range(FLOOD):
            stranger = self.do(self.ways.type_address(typed, Purpose.REPORT))
            self.ask_code(stranger, f"203.0.{number}.0/24")
            if wrong and stranger.codes:
                for _ in range(FLOOD):
                    self.do(self.life.verify(stranger, _wrong(stranger)))
        asked = self.ask_code(sitting)
        assert asked or not could
        if asked:
            assert self.type_code(sitting, sitting.codes[-1])

    @rule(sitting=Stage.sittings)
    def declines(self, sitting: Sitting) -> None:
        self.do(self.life.decline(sitting))

    @rule(sitting=Stage.sittings, which=WHICH, told=TOLD, twice=st.booleans())
    def reports(self, sitting: Sitting, which: int, told: Told, *, twice: bool) -> None:
        """Anybody may be written into the form; only their own owner's phone can be meant."""
        contact_id = self.one_of("contacts", which)["id"]
        first = self.do(self.life.report(sitting, contact_id, told))
        if first is None:
            return
        assert sitting.spent
        assert first.contact_id == contact_id
        if sitting.address is not None:
            assert self.life.lives_at[contact_id] == sitting.address
        if twice:
            again = self.do(self.life.report(sitting, contact_id, told))
            assert again is not None
            assert again.id == first.id

    @rule(target=Stage.sittings, token=Stage.links, told=TOLD, thinks_again=st.booleans())
    def comes_and_reports(self, token: str, told: Told, *, thinks_again: bool) -> Any:
        sitting: Any = self.comes_with_a_link(token, Purpose.REPORT)
        self._reports_at_once(sitting, told)
        if thinks_again and isinstance(sitting, Sitting) and sitting.session.report_id is not None:
            # As the report left it, so that what taking it back does can be told apart.
            self.look()
            self.do(self.ways.report_the_other(sitting, sitting.session.report_id))
        return sitting

    @rule(target=Stage.sittings, typed=ADDRESS, told=TOLD)
    def comes_by_address_and_reports(self, typed: str, told: Told) -> Any:
        return self._reports_at_once(self.comes_by_address(typed, Purpose.REPORT), told)

    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(sitting=Stage.sittings)
    def follows(self, sitting: Sitting) -> None:
        """Own reports only: from the address that the code went to."""
        reports = self.watch.rows("loss_reports")
        for seen in self.do(self.ways.follow(sitting)):
            reporter = reports[seen.report_id]["contact_id"]
            assert sitting.session.contact_id is not None
            here = self.life.lives_at[sitting.session.contact_id]
            assert self.life.lives_at[reporter] == here

    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(target=Stage.sittings, sitting=Stage.sittings, which=WHICH, at_once=st.booleans())
    def comes_to_withdraw(self, sitting: Sitting, which: int, *, at_once: bool) -> Any:
        """Only what was reported here, or by this very address; and only with a code of its own."""
        report = self.one_of("loss_reports", which)
        begun = self.do(self.ways.begin_withdrawal(sitting, report["id"]))
        if begun is None:
            return NOTHING
        assert sitting.session.contact_id is not None
        here = self.life.lives_at[sitting.session.contact_id]
        assert self.life.lives_at[report["contact_id"]] == here
        if at_once and self.wait_for_code(begun) and self.ask_code(begun):
            self.type_code(begun, begun.codes[-1])
        return begun

    @precondition(lambda self: self.watch.newest("loss_reports"))
    @rule(sitting=Stage.sittings, which=WHICH, told=TOLD, reports_again=st.booleans())
    def meant_another(
        self, sitting: Sitting, which: int, told: Told, *, reports_again: bool
    ) -> None:
        """The wrong person: taken back, and another may be reported in the same visit."""
        filed = sitting.session.report_id
        report_id = filed or self.one_of("loss_reports", which)["id"]
        self.do(self.ways.report_the_other(sitting, report_id))
        if filed is not None and reports_again:
            self.look()
            contact_id = self.one_of("contacts", which)["id"]
            self.do(self.life.report(sitting, contact_id, told, "another button"))

    def _reports_at_once(self, sitting: Any, told: Told) -> Any:
        if isinstance(sitting, Sitting) and sitting.session.verified_at is not None:
            contact_id = sitting.session.contact_id
            assert contact_id is not None
            self.do(self.life.report(sitting, contact_id, told))
        return sitting


def _wrong(sitting: Sitting) -> str:
    """No code this browser was ever sent."""
    newest = (sitting.codes or ["0" * (6 if sitting.address is None else 8)])[-1]
    number = int(newest)
    while True:
        number += 1
        typed = f"{number % 10 ** len(newest):0{len(newest)}}"
        if typed not in sitting.codes:
            return typed


def _typed(sitting: Sitting, said: Said, other: Sitting) -> str | None:
    match said:
        case Said.RIGHT:
            return sitting.codes[-1] if sitting.codes else None
        case Said.OLD:
            return sitting.codes[0] if sitting.codes else None
        case Said.WRONG:
            return _wrong(sitting)
        case Said.OTHERS:
            return other.codes[-1] if other.codes else None
