"""Technical lines: JSON on standard error, with what must never stand there taken out by type.

A line says what happened, never to whom: addresses, numbers, tokens and the words of an error
are taken out, whichever name they come under and whichever library speaks.
"""

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog
from structlog.typing import EventDict

# Only plain facts of these types are written; anything else could carry a person with it.
_PLAIN: Final = (str, int, float, bool, type(None))
# One of these words in a field's name says what the field holds.
_NEVER: Final = frozenset(
    {
        *("code", "token", "secret", "password", "cookie", "key", "once", "authorization"),
        *("address", "email", "phone", "number", "reach", "recipient", "to"),
        *("typed", "note", "label", "reason", "owner", "contact"),
    }
)
# What these words say of other things: which message, which kind of fault.
_NAMES_NOBODY: Final = frozenset({"event", "reason"})
_TAKEN_OUT: Final = "…"
_IN_WORDS: Final = (
    # E-mail addresses, plain or as a URL spells them.
    re.compile(r"[^\s\"'<>/=,;:()]+(?:@|%40)[^\s\"'<>/=,;:()]+"),
    # Phone numbers as people and as machines write them; instants and keys have no plus sign.
    re.compile(r"(?:\+|%2[bB])\d[\d ()/-]{5,}\d"),
    # Tokens: long, and of mixed letters and digits, which no key, instant or class name is.
    re.compile(r"(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{20,}"),
    # One-time codes: six or eight digits that stand alone.
    re.compile(r"(?<![\w.:-])(?:\d{8}|\d{6})(?![\w.:-])"),
)
_FRAMES: Final = 12


class WithoutWords(logging.Formatter):
    """What libraries say, without addresses and tokens, and their errors without their words."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, made anew each time: another formatter's trace must not come along."""
        said = without_people(record.getMessage())
        error = record.exc_info[1] if record.exc_info else None
        return said if error is None else f"{said} ({kind_and_place(error)})"


def configure(*, quiet: bool = False) -> None:
    """Call once per process, first thing."""
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=level)
    speak_without_words()
    # Libraries speak of every connection and every job; we ask them for trouble only.
    for name in ("apscheduler", "granian.access", "aiosmtplib", "_granian"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def speak_without_words() -> None:
    """Whatever handlers there are by now; the web server brings some of its own."""
    everyone = [logging.getLogger(), *map(logging.getLogger, logging.root.manager.loggerDict)]
    for logger in everyone:
        for handler in logger.handlers:
            handler.setFormatter(WithoutWords())


def redact(_: Any, __: str, line: EventDict) -> MutableMapping[str, Any]:
    """Names that say what they hold are blanked; values of unforeseen types lose their content."""
    error = _error_in(line.pop("exc_info", None))
    if error is not None:
        line["fault"] = kind_and_place(error)
    for name, value in line.items():
        if name not in _NAMES_NOBODY and not name.endswith("_id") and _names_someone(name):
            line[name] = _TAKEN_OUT
        elif isinstance(value, str):
            line[name] = value if name == "timestamp" else without_people(value)
        elif not isinstance(value, _PLAIN):
            line[name] = f"<{type(value).__name__}>"
    return line


def without_people(said: str) -> str:
    """The text without e-mail addresses, phone numbers, tokens and codes."""
    for pattern in _IN_WORDS:
        said = pattern.sub(_TAKEN_OUT, said)
    return said


def kind_and_place(error: BaseException) -> str:
    """An error's type and the way it came, innermost first; its text may hold what was typed."""
    frames = reversed(traceback.extract_tb(error.__traceback__))
    way = [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]
    return " < ".join([type(error).__name__, *way[:_FRAMES]])


def _names_someone(name: str) -> bool:
    return not _NEVER.isdisjoint(name.lower().replace("-", "_").split("_"))


def _error_in(given: object) -> BaseException | None:
    """What `exc_info` stands for: an error, a triple with one, or "the one being handled"."""
    if isinstance(given, BaseException):
        return given
    if isinstance(given, tuple):
        found: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]
        found = given  # pyright: ignore[reportUnknownVariableType]  # of whatever is in there
        return found[1]
    return sys.exc_info()[1] if given else None
