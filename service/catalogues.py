"""Whether every sentence of pages and messages has its translations."""

from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

_ROOT: Final = Path(__file__).parents[1]
# A package that speaks, and where its sentences stand.
_SPEAKERS: Final = ("service", "notifications")
_LANGUAGES: Final = ("es", "pt_BR")
_METHODS: Final = [("**/templates/**", "jinja2"), ("**.py", "python")]
# As each speaker's own environment reads its templates: white space in a sentence may not count.
_TRIMMED: Final = {"service": "false", "notifications": "true"}


def incomplete() -> list[str]:
    """Sentences without translation, and translations without a sentence; empty when whole."""
    found: list[str] = []
    for speaker in _SPEAKERS:
        spoken = _sentences(_ROOT / speaker)
        for language in _LANGUAGES:
            translated = _translated(_ROOT / speaker / "locales" / language / "LC_MESSAGES")
            found += [f"{speaker} {language} lacks: {one}" for one in sorted(spoken - translated)]
            found += [
                f"{speaker} {language} has left over: {one}" for one in sorted(translated - spoken)
            ]
    return found


def _sentences(folder: Path) -> set[str]:
    extracted = extract_from_dir(
        folder,
        method_map=_METHODS,
        options_map={"**": {"silent": "false", "trimmed": _TRIMMED[folder.name]}},
        keywords={"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2)},
    )
    return {_singular(message) for _, _, message, _, _ in extracted}


def _translated(folder: Path) -> set[str]:
    whole: set[str] = set()
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            whole |= {_singular(m.id) for m in read_po(file) if m.id and _is_whole(m)}
    return whole


def _is_whole(message: Message) -> bool:
    texts: Any = message.string
    return not message.fuzzy and bool(texts) and (isinstance(texts, str) or all(texts))


def _singular(message: Any) -> str:
    """A plural message is known by its singular."""
    return str(message if isinstance(message, str) else message[0])
