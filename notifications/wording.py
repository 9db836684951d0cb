"""The words: one template for every event, role and kind of message, in every language.

English stands in the templates, the other languages in catalogues that are read once, when
this module is loaded; nothing compiled is kept. A missing variable is an error, not a gap.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import urlsplit

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from domain.accounts import AddressKind
from domain.events import Event, OnCallRung, name_of
from notifications import dates, gsm7
from notifications.audience import Role, Secret, hearer_in
from notifications.channels import Email, Message, Sms
from notifications.colours import colours_of
from notifications.directory import Recipient, Sender

_HERE: Final = Path(__file__).parent
DOMAIN: Final = "notifications"
# Each language with the locale of its catalogue and dates. English needs no catalogue.
LANGUAGES: Final = {"es": "es", "pt-BR": "pt_BR", "en": "en"}
_PAGE_OF: Final = {Secret.INVITATION: "/i", Secret.PERSONAL_LINK: "/r", Secret.DRILL: "/drill"}
# Where somebody says, without a sign-in, "I am not this person" and "this was not me".
_NOT_ME: Final = "/not-me"
_OBJECTION: Final = "/not-mine"
# Where a ticket stands in the console: nobody gets past its door by knowing it.
_TICKETS: Final = "/console/tickets"


class Way(Struct, frozen=True):
    """A page and the key that opens it, which travels in the link's fragment."""

    page: str
    key: str

    @property
    def link(self) -> str:
        return f"{self.page}#{self.key}"


class Occasion(Struct, frozen=True, kw_only=True):
    """Everything one message is written from. The secret is open here and goes no further."""

    event: Event
    role: Role
    recipient: Recipient
    sender: Sender
    secret: str | None
    now: datetime
    useful_until: datetime | None = None
    # The owner's "this was not me", where the event allows one and it would still stop something.
    objection: str | None = None
    # What an agent added in their own words to a message that is otherwise fixed.
    own_line: str | None = None

    def __repr__(self) -> str:
        return f"Occasion({name_of(self.event)}, {self.role.value})"


def write(occasion: Occasion) -> Message:
    """The message for one recipient, in their language and on their clock."""
    match occasion.recipient.kind:
        case AddressKind.EMAIL:
            return _email(occasion)
        case AddressKind.PHONE:
            return _sms(occasion)


def language_of(asked: str) -> str:
    """The nearest language we speak: any Portuguese is pt-BR, any Spanish es, the rest en."""
    primary = asked.replace("_", "-").split("-")[0].lower()
    return {"es": "es", "pt": "pt-BR"}.get(primary, "en")


def _email(occasion: Occasion) -> Email:
    language = language_of(occasion.recipient.language)
    facts = _facts(occasion, language) | {
        "at": _clock_words(dates.in_full, occasion, language),
        "colours": colours_of(occasion.sender.colour),
        "name": occasion.recipient.name,
        "owner": occasion.recipient.owner_name,
    }
    template = f"{name_of(occasion.event)}/{occasion.role.value}.email"
    as_text = _AS_TEXT[language].get_template(template)
    as_html = _AS_HTML[language].get_template(template)
    text_facts = facts | {"layout": "layout.txt", "parts": "parts.txt"}
    html_facts = facts | {"layout": "layout.html", "parts": "parts.html"}
    subject = "".join(as_text.blocks["subject"](as_text.new_context(text_facts)))
    return Email(
        to=occasion.recipient.address,
        from_name=occasion.sender.name,
        from_address=occasion.sender.email_from,
        # One line, whatever stands in a name.
        subject=" ".join(subject.split()),
        text=_tidy(as_text.render(text_facts)),
        html=as_html.render(html_facts),
        language=language,
        at=occasion.now,
    )


def _sms(occasion: Occasion) -> Sms:
    language = language_of(occasion.recipient.language)
    owner = occasion.recipient.owner_name
    facts = _facts(occasion, language) | {
        "at": _clock_words(dates.in_short, occasion, language),
        # None where a phone could not show the name: those sentences do without it.
        "owner": gsm7.written(owner) if owner else None,
        # None where it has no room or could not be shown: half of what was said is worse.
        "own_line": gsm7.line(occasion.own_line) if occasion.own_line else None,
    }
    template = f"{name_of(occasion.event)}/{occasion.role.value}.sms"
    text = _AS_TEXT[language].get_template(template).render(facts).strip()
    # A wallet's name or number with other letters would more than double the price and, in a
    # code's message, push the last line into a second part.
    if not gsm7.is_writable(text):
        raise ValueError("a text message holds a letter outside the GSM alphabet")
    until = occasion.useful_until
    return Sms(
        to=occasion.recipient.address,
        text=text,
        useful_for=until - occasion.now if until else None,
    )


def _facts(occasion: Occasion, language: str) -> dict[str, Any]:
    sender = occasion.sender
    facts: dict[str, Any] = {
        "event": occasion.event,
        "language": language,
        "wallet": sender.name,
        "short": sender.short_name,
        "support": sender.support_number,
        "own_line": occasion.own_line,
    }
    return facts | _ways(occasion) | _opened(occasion) | _at_the_desk(occasion)


def _at_the_desk(occasion: Occasion) -> dict[str, str | None]:
    """The page of the ticket that somebody on call is woken for; to nobody else."""
    if not isinstance(occasion.event, OnCallRung) or occasion.role is not Role.ON_CALL:
        return {}
    console = occasion.recipient.console
    # Whoever knows no console still wakes people: they find the ticket by its reference.
    page = f"{console.rstrip('/')}{_TICKETS}/{occasion.event.ticket_id}" if console else None
    return {"ticket_page": page}


def _ways(occasion: Occasion) -> dict[str, Way | None]:
    """What the reader can say by a link alone; never beside a code."""
    hearer = hearer_in(occasion.event, occasion.role)
    if hearer.secret is Secret.CODE:
        return {}
    if occasion.role is Role.CONTACT:
        return {"not_me": _way(occasion, _NOT_ME, occasion.recipient.not_me)}
    if hearer.may_object:
        return {"objection": _way(occasion, _OBJECTION, occasion.objection)}
    return {}


def _way(occasion: Occasion, path: str, key: str | None) -> Way | None:
    return None if key is None else Way(_origin(occasion) + path, key)


def _opened(occasion: Occasion) -> dict[str, str]:
    """A link or a code, never both; nothing for a message without a secret."""
    kind = hearer_in(occasion.event, occasion.role).secret
    if kind is None or occasion.secret is None:
        return {}
    origin = _origin(occasion)
    if kind is Secret.CODE:
        # Bound to the page's host: https://wicg.github.io/sms-one-time-codes
        return {"code": occasion.secret, "host": urlsplit(origin).hostname or ""}
    page = origin + _PAGE_OF[kind]
    return {"page": page, "key": occasion.secret, "link": f"{page}#{occasion.secret}"}


def _origin(occasion: Occasion) -> str:
    return occasion.sender.origin.rstrip("/")


def _clock_words(form: dates.Form, occasion: Occasion, language: str) -> Callable[[datetime], str]:
    clock = dates.zone(occasion.recipient.time_zone, occasion.sender.time_zone)
    return partial(form, clock=clock, locale=LANGUAGES[language], words=_WORDS[language])


def _tidy(text: str) -> str:
    """Paragraphs apart by one empty line."""
    paragraphs = (paragraph.strip() for paragraph in text.split("\n\n"))
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph) + "\n"


def _read_words(locale: str) -> NullTranslations:
    path = _HERE / "locales" / locale / "LC_MESSAGES" / f"{DOMAIN}.po"
    if not path.exists():
        return NullTranslations()
    compiled = BytesIO()
    with path.open("rb") as source:
        write_mo(compiled, read_po(source, locale=locale))
    compiled.seek(0)
    return Translations(compiled, domain=DOMAIN)


def _environment(words: NullTranslations, *, as_html: bool) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        # Plain text is not HTML: there, an escaped name would be a misspelt one.
        autoescape=as_html,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.policies["ext.i18n.trimmed"] = True
    # The extension adds this method to the environment it lives in.
    cast(Any, environment).install_gettext_translations(words, newstyle=True)
    return environment


_WORDS: Final = {language: _read_words(locale) for language, locale in LANGUAGES.items()}
_AS_TEXT: Final[Mapping[str, Environment]] = {
    language: _environment(words, as_html=False) for language, words in _WORDS.items()
}
_AS_HTML: Final[Mapping[str, Environment]] = {
    language: _environment(words, as_html=True) for language, words in _WORDS.items()
}
