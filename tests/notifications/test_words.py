"""Every message, read as the one who gets it, in every language."""

import re
from html.parser import HTMLParser

import pytest

from domain.accounts import AddressKind
from domain.events import Event, name_of
from notifications.audience import AUDIENCE, Role, Secret, hearer_in
from notifications.channels import Email
from notifications.wording import LANGUAGES, Occasion, language_of
from tests.notifications import cast
from tests.notifications.cast import ADDRESSES, CODE, NOON, REFERENCE, TOKEN
from tests.notifications.readings import (
    EMAIL,
    NOT_ME,
    NOT_MINE,
    PHONE,
    READINGS,
    SUPPORT,
    Reading,
    every_kind,
    every_language,
    every_reading,
    text_of,
    written,
)


class Page(HTMLParser):
    """What a mail program would do with the HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.names: set[str] = set()
        self.words: list[str] = []
        self.language: str | None = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.names |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.language = dict(attrs).get("lang") or self.language

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def allowed_pages(reading: Reading) -> set[str]:
    """Which of our pages a message may lead to: what its row names, and the way out."""
    hearer = hearer_in(reading.event, reading.role)
    of_secret: dict[Secret | None, set[str]] = {
        None: set(),
        Secret.INVITATION: {"/i"},
        Secret.PERSONAL_LINK: {"/r"},
        Secret.DRILL: {"/drill"},
    }
    if hearer.secret is Secret.CODE:
        return set()
    way = "/not-me" if reading.role is Role.CONTACT else "/not-mine"
    has_way = reading.role is Role.CONTACT or hearer.may_object
    return of_secret[hearer.secret] | ({way} if has_way else set[str]())


def test_the_readings_cover_every_row_of_the_audience() -> None:
    rows = {(kind, hearer.role) for kind, hearers in AUDIENCE.items() for hearer in hearers}

    assert {(type(reading.event), reading.role) for reading in READINGS} == rows


@every_kind
@every_language
@every_reading
def test_a_message_says_what_it_must(reading: Reading, language: str, kind: AddressKind) -> None:
    text = text_of(written(reading.event, reading.role, kind, language))

    # Someone who took an invitation back is not named on a phone's lock screen.
    holds = [part for part in reading.holds if part in text]
    assert holds == list(reading.holds)
    assert reading.says[language] in text
    assert "Norte" in text


@every_kind
@every_language
@every_reading
def test_a_message_holds_nothing_it_must_not(
    reading: Reading, language: str, kind: AddressKind
) -> None:
    message = written(reading.event, reading.role, kind, language)
    texts = [text_of(message), message.html if isinstance(message, Email) else ""]

    for text in texts:
        assert not [address for address in ADDRESSES.values() if address in text]
        assert not ("http" in text and CODE in text)
        assert "None" not in text
        assert "%(" not in text
        assert "{" not in text
        ours = "https://resguardo.norte.example"
        linked = set(re.findall(ours + r"(/[a-z/-]+)", text))
        assert linked <= allowed_pages(reading)
        # Whoever is on call is led to the console, and nobody else.
        assert text.count("http") == text.count(ours) + text.count(cast.TICKET_PAGE)
        assert cast.CONSOLE not in text or name_of(reading.event) == "on-call-rung"
        if Secret.CODE is not hearer_in(reading.event, reading.role).secret:
            assert text.count("norte.example") == text.count(ours)


@every_kind
@every_language
def test_the_notice_of_a_freeze_tells_a_thief_nothing(language: str, kind: AddressKind) -> None:
    message = written(cast.frozen(), Role.OWNER, kind, language)
    text = text_of(message) + (message.html if isinstance(message, Email) else "")

    told = ["Olga", "Carl", REFERENCE, "http", "href", "ticket", "reporte", "aviso de", "report"]
    assert not [word for word in told if word in text]


@every_kind
@every_language
def test_a_receipt_names_nobody(language: str, kind: AddressKind) -> None:
    text = text_of(written(cast.reported(), Role.CONTACT, kind, language))

    assert "Olga" not in text
    assert "Carl" not in text


@every_language
@every_reading
def test_languages_are_not_mixed(reading: Reading, language: str) -> None:
    others = set(LANGUAGES) - {language}
    for kind in (EMAIL, PHONE):
        mine = text_of(written(reading.event, reading.role, kind, language)).splitlines()
        for other in others:
            theirs = text_of(written(reading.event, reading.role, kind, other)).splitlines()
            shared = {line for line in mine if line and line in theirs}
            # Only a link, a code, a reference or the line above the footer is the same.
            assert not [line for line in shared if " " in line and not line.startswith("@")]


@every_language
@every_reading
def test_an_email_is_one_quiet_page(reading: Reading, language: str) -> None:
    message = written(reading.event, reading.role, EMAIL, language)
    assert isinstance(message, Email)
    page = Page(message.html)

    assert page.language == language
    assert page.tags.count("h1") == 1
    assert not {"table", "img", "script", "link", "style", "form", "iframe"} & set(page.tags)
    assert not {"src", "srcset", "background"} & page.names
    assert "url(" not in message.html
    assert page.links == [line for line in message.text.splitlines() if line.startswith("http")]
    for paragraph in message.text.replace("- ", "").split("\n\n"):
        # The text says the same; only the button's address has become the button.
        if "#" not in paragraph and cast.TICKET_PAGE not in paragraph and paragraph != "--":
            assert " ".join(paragraph.split()).removeprefix("-- ") in page.text


@every_language
@pytest.mark.parametrize(
    ("event", "page"),
    [
        (cast.invited(), "/i"),
        (cast.invited_again(), "/i"),
        (cast.accepted(), "/r"),
        (cast.drill_begun(), "/drill"),
    ],
    ids=["/i", "/i again", "/r", "/drill"],
)
def test_the_key_stands_under_the_link_for_people_without_script(
    event: Event, page: str, language: str
) -> None:
    message = written(event, Role.CONTACT, EMAIL, language)
    assert isinstance(message, Email)
    key = next(part for part in message.text.split("\n\n") if part.endswith(f": {TOKEN}"))

    assert f"https://resguardo.norte.example{page} " in key
    assert key in Page(message.html).text


@every_language
@every_kind
@every_reading
def test_every_message_to_a_contact_says_what_a_wrong_person_can_do(
    reading: Reading, kind: AddressKind, language: str
) -> None:
    if reading.role is not Role.CONTACT or name_of(reading.event) == "code-asked":
        return
    message = written(reading.event, reading.role, kind, language)
    lines = text_of(message).lower()
    ways = {
        "en": ("not the person", "not meant for you", "do not know"),
        "es": ("persona equivocada", "equivocado", "conocida", "no te suena"),
        "pt-BR": ("não era para você", "engano", "não conhece", "desconhecido"),
    }

    assert [way for way in ways[language] if way in lines]
    # Where a text message has a link of its own, there is no room for a second one.
    own_link = hearer_in(reading.event, reading.role).secret is not None
    assert (NOT_ME in text_of(message)) is (kind is EMAIL or not own_link)


@every_language
@every_kind
@every_reading
def test_without_a_token_a_wrong_person_still_has_a_number_to_call(
    reading: Reading, kind: AddressKind, language: str
) -> None:
    if reading.role is not Role.CONTACT or name_of(reading.event) == "code-asked":
        return
    text = text_of(written(reading.event, reading.role, kind, language, not_me=None))

    assert "not-me" not in text
    assert SUPPORT in text or "contact-invited" in str(reading) or "sent-again" in str(reading)


@every_language
@every_kind
@pytest.mark.parametrize("event", [cast.removal_begun(), cast.removal_resumed()], ids=name_of)
def test_a_removal_is_stopped_from_its_notice_while_there_is_something_to_stop(
    event: Event, kind: AddressKind, language: str
) -> None:
    pending = text_of(written(event, Role.OWNER, kind, language))
    over = text_of(written(event, Role.OWNER, kind, language, objection=None))

    assert NOT_MINE in pending
    assert "http" not in over
    assert SUPPORT in over


@every_language
@every_kind
@every_reading
def test_a_change_in_someones_trusted_people_names_none_of_them(
    reading: Reading, kind: AddressKind, language: str
) -> None:
    if reading.role is Role.OWNER:
        assert "Carl" not in text_of(written(reading.event, Role.OWNER, kind, language))


@every_language
@every_kind
@pytest.mark.parametrize("role", [Role.OWNER, Role.CONTACT])
@pytest.mark.parametrize("event", [cast.drill_begun(), cast.drill_done()], ids=name_of)
def test_a_drill_is_marked_as_one_before_anything_else(
    event: Event, role: Role, kind: AddressKind, language: str
) -> None:
    first, *_ = text_of(written(event, role, kind, language)).splitlines()

    assert first.removeprefix("Norte: ").startswith("TEST")


@every_language
@every_kind
def test_a_report_that_stopped_nothing_says_so_first_and_names_nobody(
    language: str, kind: AddressKind
) -> None:
    text = text_of(written(cast.unconfirmed_report(), Role.CONTACT, kind, language))
    first = text.splitlines()[0]

    assert [no for no in ("NOT", "SIN", "NÃO", "SEM") if no in first]
    assert "Olga" not in text
    assert "Carl" not in text


@every_language
@every_reading
def test_instants_are_told_on_the_recipients_clock_with_the_clock_named(
    reading: Reading, language: str
) -> None:
    text = text_of(written(reading.event, reading.role, EMAIL, language))
    if reading.event in (cast.taken_back(), cast.taken_back(had_accepted=True)):
        return
    minute = "12" if name_of(reading.event) in {"code-asked", "owner-code-asked"} else "02"
    city = "Buenos Aires" if reading.role is Role.OWNER else "São Paulo"
    # CLDR writes English names of cities without accents.
    city = "Sao Paulo" if (city, language) == ("São Paulo", "en") else city
    clock = f"2:{minute}\u202fPM" if language == "en" else f"14:{minute}"

    if "2026" in text:
        assert f"{clock} ({city}, GMT-3)" in text
    else:
        assert name_of(reading.event) in {
            *("contact-accepted", "contact-reminded", "others-are-removed", "link-renewed"),
            *("owner-written-to", "contact-written-to", "on-call-rung", "on-call-tested"),
        }


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [
        ("es", "es"), ("es-AR", "es"), ("ES_419", "es"), ("pt", "pt-BR"), ("pt-BR", "pt-BR"),
        ("pt_PT", "pt-BR"), ("en-GB", "en"), ("de", "en"), ("", "en"),
    ],
)  # fmt: skip
def test_the_nearest_language_is_spoken(asked: str, spoken: str) -> None:
    assert language_of(asked) == spoken


def test_a_name_cannot_become_markup_or_a_second_line() -> None:
    message = written(
        cast.invited(), Role.CONTACT, EMAIL, owner="<b>Olga</b>\r\nBcc: mallory@mail.example"
    )
    assert isinstance(message, Email)

    assert "<b>" not in message.html
    assert "&lt;b&gt;Olga" in message.html
    assert "<b>Olga</b>" in message.text
    assert len(message.subject.splitlines()) == 1


def test_what_is_shown_of_an_occasion_holds_no_secret_and_no_address() -> None:
    occasion = Occasion(
        event=cast.invited(),
        role=Role.CONTACT,
        recipient=cast.carl(EMAIL),
        sender=cast.the_wallet(),
        secret=TOKEN,
        now=NOON,
    )

    assert repr(occasion) == "Occasion(contact-invited, contact)"
