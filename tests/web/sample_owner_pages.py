"""What each of the owner's pages can be asked to show."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from service.operations.own_account import SAID

NOW = datetime(2026, 11, 21, 17, 2, tzinfo=UTC)

Page = SimpleNamespace


def a_place(state: str, **different: object) -> Page:
    return Page(
        **{
            "state": state,
            "id": f"id-{state}-{different.get('name', 'Carl')}",
            "name": "Carl",
            "address_masked": "c•••@correo.example",
            "days_left": 4,
            "leaves_at": NOW + timedelta(hours=72),
            "paused_until": NOW + timedelta(days=7),
            "is_unconfirmed": False,
            "can_send_again": state in {"invited", "waiting"},
            "can_take_back": state in {"invited", "waiting"},
            "can_remove": state in {"active", "paused", "suspended"},
            "can_stay": state == "leaving",
        }
        | different
    )


def people_page(**different: object) -> Page:
    return Page(
        **{
            "may_manage": True,
            "people": (
                a_place("active", name="Cleo", address_masked="••• ••• 42 17"),
                a_place("invited"),
                a_place("invited", name="Dora", days_left=0),
            ),
            "places": 5,
            "free": 2,
            "may_invite": True,
            "notice": None,
            "notice_name": "",
            "open_until": NOW + timedelta(minutes=15),
        }
        | different
    )


EVERY_STATE = (
    a_place("active", name="Cleo"),
    a_place("active", name="Bruno", can_take_back=True, is_unconfirmed=True),
    a_place("leaving", name="Inés"),
    a_place("suspended", name="Marcos"),
    a_place("paused", name="Berta"),
    a_place("waiting", name="Fermín"),
)


def full(**different: object) -> Page:
    return people_page(people=EVERY_STATE, free=0, may_invite=False, **different)


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
            "retry_at": None,
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


def remove_page(**different: object) -> Page:
    return Page(
        **{
            "id": "id-carl",
            "name": "Carl",
            "leaves_at": NOW + timedelta(hours=72),
            "hours": 72,
            "others_hear": False,
        }
        | different
    )


def send_again_page(**different: object) -> Page:
    return Page(
        **{
            "id": "id-carl",
            "name": "Carl",
            "address_masked": "c•••@correo.example",
            "lapses_at": NOW + timedelta(days=4),
            "retry_at": None,
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


def a_line(what: str, **different: object) -> Page:
    return Page(
        **{
            "what": what,
            "at": NOW - timedelta(days=2),
            "name": "Carl",
            "undo": None,
            "contact_id": "id-carl",
        }
        | different
    )


def history_page(**different: object) -> Page:
    return Page(
        **{
            "lines": (
                a_line("removal-begun", undo="removal", at=NOW),
                a_line("contact-accepted", undo="invitation", name="Cleo"),
                a_line("recovery-card-made", undo="card", name=""),
                a_line("contact-left", name=""),
            ),
            "next": None,
            "is_first": True,
            "may_manage": True,
        }
        | different
    )


def drill_page(**different: object) -> Page:
    return Page(
        **{
            "choices": (Page(id="1", name="Carl"), Page(id="2", name="Cleo")),
            "chosen": "",
            "next_at": None,
            "problem": None,
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


def safety_page(**different: object) -> Page:
    return Page(
        **{
            "voice": "text",
            "good_time": "any",
            "number": "",
            "words": "",
            "problems": (),
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


def dispute_page(**different: object) -> Page:
    return Page(
        **{
            "frozen_at": NOW - timedelta(hours=1),
            "is_silent": False,
            "note": "",
            "problem": None,
            "idempotency_key": "f6b0a0c2",
        }
        | different
    )


NOTICES = ("invited", "sent-again", "taken-back", "leaving", "gone", "stays", "rehearsing")

# Template, then what is special about the sample.
OWNER_SAMPLES: Mapping[tuple[str, str], Page] = {
    ("owner/enter.html", ""): Page(once="b1946ac92492d234"),
    ("owner/people.html", ""): people_page(),
    **{
        ("owner/people.html", notice): people_page(notice=notice, notice_name="Carl")
        for notice in NOTICES
    },
    ("owner/people.html", "view only"): full(may_manage=False),
    ("owner/people.html", "full"): full(),
    ("owner/people.html", "nobody"): people_page(people=(), free=5),
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
    ("owner/invite.html", "too soon"): invite_page(
        name="Carl", problems=("too-soon",), retry_at=NOW + timedelta(days=1)
    ),
    ("owner/send_again.html", ""): send_again_page(),
    ("owner/send_again.html", "too soon"): send_again_page(retry_at=NOW + timedelta(hours=20)),
    ("owner/take_back.html", ""): Page(id="id-carl", name="Carl", state="invited"),
    ("owner/take_back.html", "accepted"): Page(id="id-carl", name="Carl", state="active"),
    ("owner/remove.html", ""): remove_page(),
    ("owner/remove.html", "slower"): remove_page(
        leaves_at=NOW + timedelta(days=7), hours=168, others_hear=True
    ),
    ("owner/remove.html", "at once"): remove_page(leaves_at=None),
    ("owner/not_me.html", "stays"): Page(what="stays", name="Carl"),
    ("owner/not_me.html", "taken back"): Page(what="taken-back", name="Carl"),
    ("owner/not_me.html", "later"): Page(what=None, name=""),
    ("owner/history.html", ""): history_page(),
    ("owner/history.html", "everything"): history_page(
        lines=tuple(a_line(what) for what in sorted(set(SAID.values()))),
        next="0199a5c0-0000-7000-8000-000000000001",
        is_first=False,
        may_manage=False,
    ),
    ("owner/history.html", "nothing"): history_page(lines=()),
    ("owner/trusting.html", ""): Page(names=("Bruno", "Inés")),
    ("owner/trusting.html", "nobody"): Page(names=()),
    ("owner/drill.html", ""): drill_page(),
    ("owner/drill.html", "nobody chosen"): drill_page(problem="nobody-chosen"),
    ("owner/drill.html", "too soon"): drill_page(next_at=NOW + timedelta(days=20)),
    ("owner/drill.html", "nobody"): drill_page(choices=()),
    ("owner/safety.html", ""): safety_page(),
    ("owner/safety.html", "refused"): safety_page(
        voice="call",
        good_time="morning",
        number="casa",
        words="x" * 1001,
        problems=("bad-number", "long-words"),
    ),
    ("owner/safety_done.html", ""): Page(),
    ("owner/dispute.html", ""): dispute_page(),
    ("owner/dispute.html", "too long"): dispute_page(note="x" * 501, problem="long-note"),
    ("owner/dispute.html", "silent"): dispute_page(is_silent=True),
    ("owner/dispute.html", "not blocked"): dispute_page(frozen_at=None),
    ("owner/disputed.html", ""): Page(frozen_at=NOW),
}
