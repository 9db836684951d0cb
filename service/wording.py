"""Words, dates and languages of pages. The catalogues are the `.po` files themselves."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

_HERE: Final = Path(__file__).parent
LANGUAGES: Final[Mapping[str, str]] = {
    "es": "Español",
    "pt-BR": "Português (Brasil)",
    "en": "English",
}


@cache
def translations(language: str) -> Translations:
    """Every catalogue of a language as one; English is what the templates say themselves."""
    merged = Translations()
    folder = _HERE / "locales" / language.replace("-", "_") / "LC_MESSAGES"
    for path in sorted(folder.glob("*.po")):
        compiled = BytesIO()
        with path.open("rb") as file:
            write_mo(compiled, read_po(file))
        compiled.seek(0)
        merged.merge(Translations(compiled))
    return merged


@cache
def templates(language: str) -> Environment:
    """The pages' templates, in one language. An unknown name is a fault, not an empty text."""
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
    )
    found = translations(language)
    # The extension adds the method when it is loaded; no annotation can say so.
    speaking: Any = environment
    speaking.install_gettext_translations(found, newstyle=True)
    environment.globals["asset"] = asset
    speaking.filters["at_home"] = at_home
    return environment


@cache
def asset(name: str) -> str:
    """A static file's address with its content's hash, so that it may be kept for ever."""
    content = (_HERE / "static" / name).read_bytes()
    return f"/static/{name}?v={sha256(content).hexdigest()[:12]}"


@pass_context
def at_home(context: Context, instant: datetime) -> str:
    """An instant on the reader's clock: "14:02" today; else with the day and the zone's name."""
    zone: str = context["time_zone"]
    return said(instant, language=context["lang"], time_zone=zone, now=context["now"])


def said(instant: datetime, *, language: str, time_zone: str, now: datetime) -> str:
    locale = Locale.parse(language, sep="-")
    zone = ZoneInfo(time_zone)
    if instant.astimezone(zone).date() == now.astimezone(zone).date():
        return format_datetime(instant, "HH:mm", tzinfo=zone, locale=locale)
    place = zone_said(time_zone, language)
    day = format_datetime(instant, "EEE d MMM, HH:mm", tzinfo=zone, locale=locale)
    return f"{day} ({place})"


def day_said(instant: datetime, *, language: str, time_zone: str) -> str:
    """The whole date on this clock, for what is kept on paper."""
    locale = Locale.parse(language, sep="-")
    return format_date(instant.astimezone(ZoneInfo(time_zone)), "long", locale=locale)


def zone_said(time_zone: str, language: str) -> str:
    """The city whose clock it is, as the reader calls it: "Buenos Aires", "UTC"."""
    zones: Any = Locale.parse(language, sep="-").time_zones
    here = time_zone.rpartition("/")[2].replace("_", " ")
    return str(zones.get(time_zone, {}).get("city", here))


def choose(asked: str | None, accepted: str | None, spoken: tuple[str, ...]) -> str:
    """The page's language: asked for, else the browser's best, else the wallet's first."""
    if asked in spoken:
        return str(asked)
    for part in (accepted or "").split(","):
        wanted = part.split(";")[0].strip().lower()
        for language in spoken:
            if wanted and (
                language.lower() == wanted or language.lower().split("-")[0] == wanted.split("-")[0]
            ):
                return language
    return spoken[0]
