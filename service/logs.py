"""Technical lines: JSON on standard error, with what must never stand there taken out by type."""

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog
from structlog.typing import EventDict

# Only plain facts of these types are written; anything else could carry a person with it.
_PLAIN: Final = (str, int, float, bool, type(None))
_NEVER: Final = frozenset({"code", "token", "secret", "password", "address", "email", "phone"})


def configure(*, quiet: bool = False) -> None:
    """Call once per process, first thing."""
    level = logging.WARNING if quiet else logging.INFO
    logging.basicConfig(level=level, format="%(message)s")
    # Libraries speak of every connection and every job; we ask them for trouble only.
    for name in ("apscheduler", "granian.access", "aiosmtplib", "_granian"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            redact,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )


def redact(_: Any, __: str, line: EventDict) -> MutableMapping[str, Any]:
    """Names that say what they hold are blanked; values of unforeseen types lose their content."""
    for name, value in line.items():
        if name in _NEVER:
            line[name] = "…"
        elif not isinstance(value, _PLAIN) and name != "exc_info":
            line[name] = f"<{type(value).__name__}>"
    return line
