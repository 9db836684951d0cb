"""What a contact's own pages can be asked to show."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Final

from service.web.qr import drawn

NOW: Final = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)
_KEY: Final = "xJ4vQ0mTz8KpWq2LcR7nYbA1sD5fG6hJ"
_LINK: Final = f"https://resguardo.norte.example/r#{_KEY}"
_SETUP: Final = "otpauth://totp/Norte:Norte?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Norte"
Page = SimpleNamespace


def an_owner(state: str = "active", **different: object) -> Page:
    return Page(
        **{
            "id": f"id-{state}",
            "owner": "Olga",
            "label": None,
            "state": state,
            "until": NOW + timedelta(hours=72),
            "has_link": True,
        }
        | different
    )


def home_page(**different: object) -> Page:
    return Page(
        **{
            "owners": (
                an_owner(label="Mum"),
                an_owner("leaving", owner="Maria"),
                an_owner("suspended", owner="Otto"),
                an_owner("paused", owner="Oscar", has_link=False),
            ),
            "second": "c•••@o•••.example",
            "app": True,
            "erased_by": None,
            "open_until": NOW + timedelta(minutes=15),
        }
        | different
    )


def second_page(**different: object) -> Page:
    empty = {"second": None, "withdraws_from": None, "address": "", "problem": None}
    return Page(**empty | different)


def app_page(**different: object) -> Page:
    begun = {"since": None, "qr": drawn(_SETUP), "secret": "JBSW Y3DP EHPK 3PXP", "problem": None}
    return Page(**begun | {"setup": _SETUP} | different)


def card_page(**different: object) -> Page:
    made = Page(owner="Mum", link=_LINK, key=_KEY)
    shown = {"owner": an_owner(), "made": made, "qr": drawn(_LINK), "made_on": "21 de noviembre"}
    return Page(**shown | different)


def stored(**different: object) -> Page:
    a_contact = Page(
        owner_first_name="Olga",
        named_as="Carl",
        own_label="Mum",
        status="active",
        invited_at=NOW,
        accepted_at=NOW,
        consent_version="2026-11",
        ended_at=None,
    )
    over = Page(**vars(a_contact) | {"status": "left", "own_label": None, "ended_at": NOW})
    leaving = Page(**vars(a_contact) | {"status": "leaving", "accepted_at": None})
    return Page(
        **{
            "addresses": (
                Page(address="carl@correo.example", proved_at=NOW, second=False),
                Page(address="+5491123456789", proved_at=NOW, second=True),
            ),
            "contacts": (a_contact, leaving, over),
            "reports": (
                Page(reference="K7QF-3M2X-R", kind="stolen", filed_at=NOW, note="At the bus stop"),
                Page(reference="M7QF-3M2X-R", kind="lost", filed_at=NOW, note=None),
            ),
            "messages": (Page(), Page()),
            "authenticator_since": NOW,
            "erasure_asked_at": None,
            "erased_by": None,
            "erasure_is_held": True,
            "never_written_to": False,
        }
        | different
    )


_ASKED: Final = {"erasure_asked_at": NOW, "erased_by": NOW + timedelta(days=5)}
SPACE_SAMPLES: Final = {
    ("space/open.html", ""): Page(problem=None),
    ("space/open.html", "bad key"): Page(problem="bad-key"),
    ("space/home.html", ""): home_page(),
    ("space/home.html", "nobody"): home_page(
        owners=(), second=None, app=False, erased_by=NOW + timedelta(days=5)
    ),
    ("space/label.html", ""): Page(owner=an_owner(), label="Mum", problem=None),
    ("space/label.html", "refused"): Page(owner=an_owner(), label="<b>", problem="bad-name"),
    ("space/drill.html", ""): Page(owner=an_owner(), asked=False, idempotency_key="k"),
    ("space/drill.html", "asked"): Page(owner=an_owner(), asked=True, idempotency_key="k"),
    ("space/leave.html", ""): Page(owner=an_owner()),
    ("space/leave.html", "all"): Page(owner=None),
    ("space/second.html", ""): second_page(),
    ("space/second.html", "there is one"): second_page(
        second="c•••@o•••.example", withdraws_from=NOW + timedelta(days=7)
    ),
    ("space/second.html", "empty"): second_page(problem="empty"),
    ("space/second.html", "bad"): second_page(problem="bad-address", address="carl@"),
    ("space/second.html", "same"): second_page(problem="same", address="carl@correo.example"),
    ("space/app.html", ""): app_page(qr=None, secret="", setup=""),
    ("space/app.html", "begun"): app_page(),
    ("space/app.html", "wrong"): app_page(problem="wrong", since=NOW),
    ("space/app.html", "empty"): app_page(problem="empty"),
    ("space/app.html", "counts"): app_page(qr=None, secret="", setup="", since=NOW),
    ("space/card.html", ""): card_page(made=None, qr=""),
    ("space/card.html", "made"): card_page(),
    ("space/gone.html", ""): Page(stopped=False, second=None, links=()),
    ("space/gone.html", "stopped"): Page(stopped=True, second=None, links=()),
    ("space/gone.html", "stopped, second"): Page(stopped=True, second="c•••@o•••", links=()),
    ("space/gone.html", "new"): Page(
        stopped=False, second=None, links=(Page(owner="Mum", link=_LINK, key=_KEY),)
    ),
    ("space/gone.html", "new, second"): Page(
        stopped=False, second="c•••@o•••", links=(Page(owner="Mum", link=_LINK, key=_KEY),)
    ),
    ("space/data.html", ""): Page(stored=stored()),
    ("space/data.html", "little"): Page(
        stored=stored(contacts=(), reports=(), messages=(Page(),), authenticator_since=None)
    ),
    ("space/erase.html", ""): Page(stored=stored()),
    ("space/erase.html", "asked"): Page(stored=stored(**_ASKED, erasure_is_held=False)),
    ("space/never.html", ""): Page(stored=stored()),
    ("space/never.html", "done"): Page(stored=stored(never_written_to=True)),
    ("not_me/open.html", ""): Page(problem=None),
    ("not_me/open.html", "bad key"): Page(problem="bad-key"),
    ("not_me/done.html", ""): Page(),
    ("expired.html", "space"): Page(what="space"),
}
