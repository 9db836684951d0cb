"""The templates as the service shows them, with only the clock's words standing in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from tests.web.sample_pages import NOW, SAMPLES, Page, the_wallet

SERVICE = Path(__file__).parents[2] / "service"
HOME = ZoneInfo("America/Argentina/Buenos_Aires")
LANGUAGES = (
    ("es", "Español", "?lang=es"),
    ("pt-BR", "Português", "?lang=pt-BR"),
    ("en", "English", "?lang=en"),
)
CODES = [code for code, _, _ in LANGUAGES]


def asset(name: str) -> str:
    return f"/static/{name}?v=1"


def every_page(lang: str) -> dict[tuple[str, str], str]:
    """Each sample as HTML, by template and what is special about it."""
    env = environment(lang, asset)
    return {
        (template, what): shown(env, template, page, lang)
        for (template, what), page in SAMPLES.items()
    }


# The console's, by its parts, and what is said of refusals.
OF_OTHERS: Final = frozenset(
    {
        *("agents", "board", "clocks", "confirming", "console", "decisions", "journal"),
        *("looking", "queue", "refusals", "work"),
    }
)


def catalogue_paths(lang: str) -> list[Path]:
    """Where the pages' own words are; agents and refusals have catalogues of their own."""
    folder = SERVICE / "locales" / lang.replace("-", "_") / "LC_MESSAGES"
    return [path for path in sorted(folder.glob("*.po")) if path.stem not in OF_OTHERS]


def environment(lang: str, asset: Callable[[str], str]) -> Environment:
    env = Environment(
        loader=FileSystemLoader(SERVICE / "templates"),
        undefined=StrictUndefined,
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
    )
    locale = lang.replace("-", "_")
    translations = Translations()
    if lang != "en":
        for path in catalogue_paths(lang):
            compiled = BytesIO()
            with path.open("rb") as written:
                write_mo(compiled, read_po(written, locale=locale))
            compiled.seek(0)
            translations.merge(Translations(compiled))
    # What jinja2.ext.i18n adds is known only at run time; the other two are the service's.
    spoken: Any = env
    spoken.install_gettext_translations(translations, newstyle=True)
    spoken.globals["asset"] = asset
    spoken.filters["at_home"] = partial(_at_home, locale=locale)
    return env


def _at_home(at: datetime, *, locale: str) -> str:
    here = at.astimezone(HOME)
    if here.date() == NOW.astimezone(HOME).date():
        return format_time(here, "HH:mm", locale=locale)
    zone = {"es": "hora de Buenos Aires", "pt_BR": "horário de Buenos Aires"}.get(
        locale, "Buenos Aires time"
    )
    return f"{format_datetime(here, 'EEE d MMM, HH:mm', locale=locale)} ({zone})"


def shown(
    env: Environment, template: str, page: Page, lang: str, wallet: Page | None = None
) -> str:
    return env.get_template(template).render(
        wallet=wallet or the_wallet(),
        lang=lang,
        languages=LANGUAGES,
        csp_nonce="bm9uY2U",
        csrf="c3Jm",
        page=page,
    )
