"""What the pages of a rehearsal can be asked to show: those of a report, and its own end."""

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace

from service.web.spelling import spelled

Page = SimpleNamespace


def drill_samples(
    code: Page, what: Page, wrong: Page, check: Page, refusal: Page
) -> Mapping[tuple[str, str], Page]:
    """Made from the samples of the pages that a rehearsal repeats."""
    until = what.open_until
    whose = Page(
        choices=(Page(id="a", first_name="Olga", label="Mamá"),),
        open_until=until,
    )
    done = Page(
        reference="TEST-K7QF-3M2X-R",
        spelled=("TEST", *spelled("K7QF-3M2X-R", "es")),
        done_at=until - timedelta(minutes=15),
    )
    return {
        ("drill/open.html", ""): Page(problem=None),
        ("drill/open.html", "bad key"): Page(problem="bad-key"),
        ("drill/code.html", ""): code,
        ("drill/whose.html", ""): whose,
        ("drill/what.html", ""): what,
        ("drill/what.html", "all wrong"): wrong,
        ("drill/check.html", ""): check,
        ("drill/receipt.html", ""): done,
        ("drill/over.html", ""): Page(what="report"),
        ("drill/refusal.html", ""): refusal,
    }
