"""What each page can be asked to show.

The names are the cast of all tests; the instants lie on one afternoon in Buenos Aires. A template
that reads anything not given here fails, because undefined names are errors.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from service.web.colours import theme_css
from tests.web.sample_drill_pages import drill_samples
from tests.web.sample_owner_pages import OWNER_SAMPLES
from tests.web.sample_space_pages import SPACE_SAMPLES

NOW = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)

Page = SimpleNamespace


def the_wallet(brand: str = "#0a5c52") -> Page:
    return Page(
        name="Norte",
        country="AR",
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
            "surely": True,
            "digits": 6,
            "expires_at": NOW + timedelta(minutes=10),
            "next_code_at": NOW + timedelta(minutes=1),
            "wait_seconds": 60,
            "sent_again": False,
            "guesses_left": None,
            "other": None,
            "app": False,
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
            "safe": "unknown",
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
            "safe": "unknown",
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


def mine_page(**different: object) -> Page:
    return Page(
        **{
            "address": "",
            "code": "",
            "number": "",
            "language": "es",
            "languages": (("es", "Español"), ("pt-BR", "Português"), ("en", "English")),
            "good_time": "any",
            "voice": "call",
            "problems": (),
            "retry_at": None,
        }
        | different
    )


def card_page(**different: object) -> Page:
    return Page(
        **{
            "may_manage": True,
            "made_at": None,
            "codes": 10,
            "left": 0,
            "again": False,
            "idempotency_key": "f6b0a0c2",
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
            "report_id": "0199a5c0-0000-7000-8000-000000000002",
            "withdrawn_at": None,
            "may_withdraw": True,
            "may_correct": False,
        }
        | different
    )


def address_page(purpose: str = "report", **different: object) -> Page:
    start = {"report": "/report", "follow": "/status"}[purpose]
    return Page(
        **{
            "action": f"{start}/address",
            "back": start,
            "purpose": purpose,
            "address": "",
            "problem": None,
        }
        | different
    )


def withdraw_page(**different: object) -> Page:
    return Page(
        **{"reference": "K7QF-3M2X-R", "filed_at": NOW - timedelta(minutes=4), "withdrawn_at": None}
        | different
    )


def a_followed(state: str, **different: object) -> Page:
    return Page(
        **{
            "report_id": "0199a5c0-0000-7000-8000-000000000002",
            "reference": "K7QF-3M2X-R",
            "owner": "Mamá",
            "filed_at": NOW - timedelta(hours=2),
            "withdrawn_at": None,
            "state": state,
            "may_withdraw": state != "closed",
            "confirmation": None,
            "confirmed_at": None,
        }
        | different
    )


def not_stopped_page(*typed: tuple[str, str]) -> Page:
    return Page(typed=typed, again="/r/check")


LONG_NOTE = "Íbamos en el colectivo 60.\nElla está conmigo y está bien."
TYPED = (
    ("kind", "stolen"),
    ("noticed", "last_hour"),
    ("reach", "11 5555 0142"),
    ("note", LONG_NOTE),
)

# Template, then what is special about the sample.
SAMPLES: Mapping[tuple[str, str], Page] = {
    ("front.html", ""): Page(),
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
    ("report/code.html", "other ways"): code_page(other="c•••@o•••.example", app=True),
    ("report/code.html", "wrong app code"): code_page(app=True, problem="app-wrong"),
    ("space/code.html", ""): code_page(other="c•••@o•••.example"),
    ("space/second_code.html", ""): code_page(),
    **SPACE_SAMPLES,
    ("report/code.html", "in another window"): code_page(expires_at=None),
    ("report/code.html", "without link"): code_page(surely=False, digits=8),
    ("report/code.html", "without link, empty"): code_page(
        surely=False, digits=8, problem="empty", way="phone", address_masked="+54 ••• 42"
    ),
    ("without_link/start.html", ""): Page(),
    ("without_link/address.html", ""): address_page(),
    ("without_link/address.html", "empty"): address_page(problem="empty"),
    ("without_link/address.html", "refused"): address_page(
        "follow", problem="bad-address", address="carl at home"
    ),
    ("status/open.html", ""): Page(problem=None),
    ("status/open.html", "bad key"): Page(problem="bad-key"),
    ("status/code.html", ""): code_page(),
    ("status/reports.html", ""): Page(
        reports=(
            a_followed("received", confirmation="silent"),
            a_followed("received", confirmation="waiting"),
            a_followed(
                "handled",
                owner="Bruno",
                reference="9QF7-X3M2-5",
                confirmation="confirmed",
                confirmed_at=NOW,
            ),
            a_followed("received", withdrawn_at=NOW, may_withdraw=False),
            a_followed("closed"),
        ),
        open_until=NOW + timedelta(minutes=15),
    ),
    ("status/reports.html", "none"): Page(reports=(), open_until=NOW + timedelta(minutes=15)),
    ("withdraw/explained.html", ""): withdraw_page(),
    ("withdraw/code.html", ""): code_page(),
    ("withdraw/done.html", ""): withdraw_page(withdrawn_at=NOW),
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
    ("report/what.html", "danger"): what_page(kind="stolen", safe="no"),
    ("report/check.html", "danger"): check_page(safe="no"),
    ("report/receipt.html", ""): receipt_page(),
    ("report/receipt.html", "confirmed"): receipt_page(
        confirmation="confirmed", confirmed_at=NOW + timedelta(minutes=1), state="handled"
    ),
    ("report/receipt.html", "silent"): receipt_page(confirmation="silent"),
    ("report/receipt.html", "correctable"): receipt_page(may_correct=True),
    ("report/receipt.html", "withdrawn"): receipt_page(withdrawn_at=NOW, may_withdraw=False),
    ("report/receipt.html", "closed"): receipt_page(confirmation=None, state="closed"),
    ("report/not_stopped_here.html", ""): receipt_page(confirmation=None),
    **OWNER_SAMPLES,
    **drill_samples(
        code=code_page(),
        what=what_page(devices=()),
        wrong=what_page(devices=(), problems=("no-kind", "bad-number", "long-note"), reach="casa"),
        check=check_page(note=LONG_NOTE),
        refusal=Page(
            title="Son muchos intentos",
            explanation="Se puede seguir en un rato.",
            next_step=None,
            url="/drill",
            action="Abrir de nuevo",
        ),
    ),
    ("objection/open.html", ""): Page(problem=None),
    ("objection/open.html", "no key"): Page(problem="no-key"),
    ("objection/open.html", "over"): Page(problem="over"),
    ("objection/done.html", ""): Page(),
    ("mine/open.html", ""): mine_page(),
    ("mine/open.html", "nothing said"): mine_page(problems=("no-address", "nothing")),
    ("mine/open.html", "all wrong"): mine_page(
        address="olga", code="7K2Q", problems=("bad-address", "bad-code", "bad-number")
    ),
    ("mine/open.html", "too many"): mine_page(
        voice="text", problems=("too-many",), retry_at=NOW + timedelta(hours=1)
    ),
    ("mine/done.html", ""): Page(),
    ("prove/open.html", ""): Page(key="", problems=()),
    ("prove/open.html", "nothing typed"): Page(key="", problems=("no-key", "no-code")),
    ("prove/open.html", "misread"): Page(key="K7Q", problems=("bad-key", "no-code")),
    ("prove/open.html", "not right"): Page(key="K7Q-F3M-X", problems=("not-right",)),
    ("prove/open.html", "no longer"): Page(key="K7Q-F3M-X", problems=("no-longer",)),
    ("prove/open.html", "too many"): Page(
        key="K7Q-F3M-X", problems=("too-many",), retry_at=NOW + timedelta(hours=1)
    ),
    ("prove/done.html", ""): Page(),
    ("owner/card.html", ""): card_page(),
    ("owner/card.html", "a card"): card_page(made_at=NOW, left=9),
    ("owner/card.html", "only shows"): card_page(may_manage=False),
    ("owner/card.html", "pressed twice"): card_page(made_at=NOW, left=10, again=True),
    ("owner/codes.html", ""): Page(
        codes=("7K2Q-M4XR-0HFE-9TZB", "0A1B-2C3D-4E5F-6G7H") * 5,
        made_on="21 de noviembre de 2026",
        address="https://resguardo.norte.example/mine",
    ),
    ("expired.html", "invitation"): Page(what="invitation"),
    ("expired.html", "invitation page"): Page(what="invitation-page"),
    ("expired.html", "accepted"): Page(what="accepted"),
    ("expired.html", "report"): Page(what="report"),
    ("expired.html", "receipt"): Page(what="receipt"),
    ("expired.html", "owner"): Page(what="owner"),
    ("expired.html", "owner link"): Page(what="owner-link"),
    ("expired.html", "follow"): Page(what="follow"),
    ("expired.html", "withdraw"): Page(what="withdraw"),
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
