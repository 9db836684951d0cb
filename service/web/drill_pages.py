"""What the pages of a rehearsal show; the templates under templates/drill say how."""

from datetime import datetime

from msgspec import Struct

from service.operations.drills import Rehearsal
from service.operations.reports import Choice, Visit
from service.web.report_pages import CheckPage, ChoiceShown, WhatPage, WhosePage
from service.web.spelling import spelled
from service.web.telling import Told

_MARK = "TEST-"


class DonePage(Struct, frozen=True, kw_only=True):
    """drill/receipt.html"""

    # "TEST-K7QF-3M2X-R"
    reference: str
    # As it is said on the phone; the first four letters are a word already.
    spelled: tuple[str, ...]
    done_at: datetime

    @classmethod
    def of(cls, reference: str, done_at: datetime, language: str) -> "DonePage":
        said = spelled(reference.removeprefix(_MARK), language)
        return cls(reference=reference, spelled=(_MARK.removesuffix("-"), *said), done_at=done_at)


def whose_page(seen: Rehearsal, until: datetime) -> WhosePage:
    """The one who is rehearsed with, as a choice: so it looks when there are several."""
    choice = ChoiceShown(
        id=str(seen.contact_id), first_name=seen.owner_name, label=seen.label or ""
    )
    return WhosePage(choices=(choice,), open_until=until)


def what_page(
    seen: Rehearsal, told: Told, until: datetime, problems: tuple[str, ...] = ()
) -> WhatPage:
    return WhatPage.of(as_visit(seen), _choice(seen), told, until, problems)


def check_page(seen: Rehearsal, until: datetime) -> CheckPage:
    # Nothing is filed, so no key has to make two presses one: the rehearsal is finished once.
    return CheckPage.of(as_visit(seen), _choice(seen), until, key="")


def as_visit(seen: Rehearsal) -> Visit:
    """The rehearsal as the real journey would see it, without the owner's devices."""
    choice = _choice(seen)
    return Visit(choices=(choice,), chosen=choice, devices=(), draft=seen.draft, now=seen.now)


def _choice(seen: Rehearsal) -> Choice:
    return Choice(contact_id=seen.contact_id, owner_name=seen.owner_name, label=seen.label)
