"""What each page can be asked to show.

The names are the cast of all tests; the instants lie on one afternoon in Buenos Aires. A template
that reads anything not given here fails, because undefined names are errors.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from service.web.colours import theme_css

NOW = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)

Page = SimpleNamespace


def the_wallet(brand: str = "#0a5c52") -> Page:
    return Page(
        name="Norte",
        origin_host="resguardo.norte.example",
        support_number="0800 555 0199",
        support_hours="24 h",
        text_channel="WhatsApp +54 11 5555 0199",
        emergency_number="911",
        theme_css=theme_css(brand),
    )


def code_page(**different: object) -> Page:
    return Page(
        **{
            "way": "email",
            "address_masked": "c•••@correo.example",
            "expires_at": NOW + timedelta(minutes=10),
            "next_code_at": NOW + timedelta(minutes=1),
            "wait_seconds": 60,
            "sent_again": False,
            "guesses_left": None,
            "problem": None,
        }
        | different
    )


def read_page(**different: object) -> Page:
    return Page(
        **{
            "owner": "Olga",
            "way": "email",
            "address_masked": "c•••@correo.example",
            "lasts_until": NOW + timedelta(days=7),
        }
        | different
    )


def accepted_page(**different: object) -> Page:
    key = "xJ4vQ0mTz8KpWq2LcR7nYb"
    link = f"https://resguardo.norte.example/r#{key}"
    return read_page(link=link, key=key, **different)


def what_page(**different: object) -> Page:
    return Page(
        **{
            "contact_id": "0199a5c0-0000-7000-8000-000000000001",
            "owner": "Olga",
            "several": True,
            "kind": "",
            "devices": (
                Page(id="a", name="Samsung •••• 4f"),
                Page(id="b", name="Motorola •••• 91"),
            ),
            "device": "",
            "noticed": "",
            "reach": "",
            "note": "",
            "problems": (),
            "open_until": NOW + timedelta(minutes=15),
        }
        | different
    )


def check_page(**different: object) -> Page:
    return Page(
        **{
            "owner": "Olga",
            "label": "Mamá",
            "several": True,
            "kind": "stolen",
            "device": "",
            "noticed": "last_hour",
            "reach": "",
            "note": "",
            "idempotency_key": "f6b0a0c2",
            "contact_id": "0199a5c0-0000-7000-8000-000000000001",
            "open_until": NOW + timedelta(minutes=15),
        }
        | different
    )


def receipt_page(**different: object) -> Page:
    return Page(
        **{
            "stopped_at": NOW,
            "confirmation": "waiting",
            "confirmed_at": None,
            "reference": "K7QF-3M2X-R",
            "spelled": ("Kilo", "7", "Quebec", "Foxtrot", "3", "Mike", "2", "X-ray", "Romeo"),
            "state": "received",
        }
        | different
    )


def a_place(state: str, **different: object) -> Page:
    return Page(
        **{
            "state": state,
            "id": f"id-{state}",
            "name": "Carl",
            "address_masked": "c•••@correo.example",
            "days_left": 4,
            "leaves_at": NOW + timedelta(hours=72),
            "can_take_back": state == "invited",
        }
        | different
    )


def people_page(**different: object) -> Page:
    return Page(
        **{
            "may_manage": True,
            "places": (
                a_place("active", name="Cleo", address_masked="••• ••• 42 17"),
                a_place("invited"),
                a_place("invited", name="Dora", days_left=0),
                a_place("empty"),
                a_place("empty"),
            ),
            "notice": None,
            "notice_name": "",
            "open_until": NOW + timedelta(minutes=15),
        }
        | different
    )


def invite_page(**different: object) -> Page:
    return Page(
        **{
            "name": "",
            "way": "email",
            "email": "",
            "phone": "",
            "country": "AR",
            "countries": (
                Page(code="AR", name="Argentina", dialling="+54", example="11 2345-6789"),
                Page(code="BR", name="Brasil", dialling="+55", example="11 96123-4567"),
                Page(code="CO", name="Colombia", dialling="+57", example="321 1234567"),
            ),
            "problems": (),
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


def not_stopped_page(*typed: tuple[str, str]) -> Page:
    return Page(typed=typed, again="/r/check")


EVERY_PLACE = (
    a_place("active", name="Cleo"),
    a_place("active", name="Bruno", can_take_back=True),
    a_place("leaving", name="Inés"),
    a_place("suspended", name="Marcos"),
    a_place("invited", days_left=1),
)
LONG_NOTE = "Íbamos en el colectivo 60.\nElla está conmigo y está bien."
TYPED = (
    ("kind", "stolen"),
    ("noticed", "last_hour"),
    ("reach", "11 5555 0142"),
    ("note", LONG_NOTE),
)

# Template, then what is special about the sample.
SAMPLES: Mapping[tuple[str, str], Page] = {
    ("invitation/open.html", ""): Page(problem=None),
    ("invitation/open.html", "no key"): Page(problem="no-key"),
    ("invitation/read.html", ""): read_page(),
    ("invitation/read.html", "by phone"): read_page(way="phone", address_masked="••• ••• 42 17"),
    ("invitation/code.html", ""): code_page(),
    ("invitation/code.html", "empty"): code_page(
        problem="empty", next_code_at=None, wait_seconds=0
    ),
    ("invitation/label.html", ""): Page(owner="Olga", label="", problem=None),
    ("invitation/label.html", "refused"): Page(owner="Olga", label="Mum 2", problem="bad-name"),
    ("invitation/accepted.html", ""): accepted_page(),
    ("invitation/accepted.html", "by phone"): accepted_page(
        way="phone", address_masked="••• 42 17"
    ),
    ("invitation/declined.html", ""): Page(owner="Olga"),
    ("report/open.html", ""): Page(problem=None),
    ("report/open.html", "bad key"): Page(problem="bad-key"),
    ("report/code.html", ""): code_page(way="phone", address_masked="••• ••• 42 17"),
    ("report/code.html", "wrong"): code_page(problem="wrong", guesses_left=2),
    ("report/code.html", "last try"): code_page(problem="wrong", guesses_left=1),
    ("report/code.html", "malformed"): code_page(problem="malformed"),
    ("report/code.html", "expired"): code_page(
        problem="expired", next_code_at=None, wait_seconds=0
    ),
    ("report/code.html", "used up"): code_page(problem="used-up"),
    ("report/code.html", "sent again"): code_page(sent_again=True),
    ("report/code.html", "in another window"): code_page(expires_at=None),
    ("report/whose.html", ""): Page(
        choices=(
            Page(id="1", label="Mamá", first_name="Olga"),
            Page(id="2", label="", first_name="Bruno"),
        ),
        open_until=NOW + timedelta(minutes=15),
    ),
    ("report/what.html", ""): what_page(),
    ("report/what.html", "details"): what_page(
        owner="Mamá", kind="lost", noticed="today", reach="11 5555 0142", note=LONG_NOTE
    ),
    ("report/what.html", "refused"): what_page(
        several=False, devices=(), problems=("no-kind", "bad-number", "long-note"), reach="casa"
    ),
    ("report/check.html", ""): check_page(),
    ("report/check.html", "details"): check_page(
        kind="lost", device="Samsung •••• 4f", reach="11 5555 0142", note=LONG_NOTE, several=False
    ),
    ("report/receipt.html", ""): receipt_page(),
    ("report/receipt.html", "confirmed"): receipt_page(
        confirmation="confirmed", confirmed_at=NOW + timedelta(minutes=1), state="handled"
    ),
    ("report/receipt.html", "silent"): receipt_page(confirmation="silent"),
    ("report/receipt.html", "closed"): receipt_page(confirmation=None, state="closed"),
    ("owner/enter.html", ""): Page(once="b1946ac92492d234"),
    ("owner/people.html", ""): people_page(),
    ("owner/people.html", "invited"): people_page(notice="invited", notice_name="Carl"),
    ("owner/people.html", "taken back"): people_page(notice="taken-back", notice_name="Carl"),
    ("owner/people.html", "view only"): people_page(may_manage=False, places=EVERY_PLACE),
    ("owner/people.html", "full"): people_page(places=EVERY_PLACE),
    ("owner/people.html", "nobody"): people_page(places=(a_place("empty"),) * 5),
    ("owner/invite.html", ""): invite_page(),
    ("owner/invite.html", "phone"): invite_page(name="Carl", way="phone", phone="11 2345"),
    ("owner/invite.html", "refused"): invite_page(
        name="Carl 2", way="phone", phone="11", problems=("bad-name", "bad-phone")
    ),
    ("owner/invite.html", "own"): invite_page(
        email="olga@correo.example", problems=("no-name", "own-address")
    ),
    ("owner/invite.html", "twice"): invite_page(name="Carl", problems=("already-there",)),
    ("owner/invite.html", "bad email"): invite_page(
        name="Carl", email="c@", problems=("bad-email",)
    ),
    ("owner/take_back.html", ""): Page(id="id-carl", name="Carl", state="invited"),
    ("owner/take_back.html", "accepted"): Page(id="id-carl", name="Carl", state="active"),
    ("expired.html", "invitation"): Page(what="invitation"),
    ("expired.html", "invitation page"): Page(what="invitation-page"),
    ("expired.html", "accepted"): Page(what="accepted"),
    ("expired.html", "report"): Page(what="report"),
    ("expired.html", "receipt"): Page(what="receipt"),
    ("expired.html", "owner"): Page(what="owner"),
    ("refusal.html", ""): Page(
        title="Hoy no salen más invitaciones",
        explanation="Se pueden enviar diez en treinta días.",
        next_step="La próxima podrá salir el 3 de diciembre.",
        url="/owner",
        action="Volver a la lista",
    ),
    ("not_found.html", ""): Page(),
    ("not_stopped.html", ""): not_stopped_page(*TYPED),
    ("not_stopped.html", "nothing typed"): not_stopped_page(),
}
