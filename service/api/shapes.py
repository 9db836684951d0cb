"""Forms that several resources share: subjects, instants, short texts."""

from datetime import UTC, datetime
from typing import Annotated, Final

from litestar.params import HeaderParameter, PathParameter
from msgspec import Meta

# No control character and no replacement character: two ids that were not UTF-8 must not
# become the same one. A look-ahead, because `$` would let a line's end pass.
_PLAIN: Final = r"^(?![\s\S]*[\u0000-\u001f\u007f-\u009f\ufffd])"
# Whatever its zone: what is written as one of those years lies within a day of them in UTC.
_EARLIEST: Final = datetime(1999, 12, 31, tzinfo=UTC)
_LATEST: Final = datetime(2200, 1, 2, tzinfo=UTC)

Subject = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=255,
        pattern=_PLAIN,
        description="The wallet's own id of its user.",
        examples=["olga-1"],
    ),
]
SubjectInPath = Annotated[
    str,
    PathParameter(
        min_length=1,
        max_length=255,
        pattern=_PLAIN,
        description="The wallet's own id of its user, percent-encoded; without `/`.",
    ),
]
_KEY: Final = HeaderParameter(
    name="Idempotency-Key",
    min_length=1,
    max_length=255,
    pattern=r"^[\u0021-\u007e]+(?![\s\S])",
    description="The same key and body within 24 hours get the first answer again.",
)
IdempotencyKey = Annotated[str | None, _KEY]
NeededIdempotencyKey = Annotated[str, _KEY]
Name = Annotated[str, Meta(min_length=1, max_length=40, examples=["Olga"])]
FullName = Annotated[str, Meta(min_length=1, max_length=80, examples=["Olga Ortiz"])]
Word = Annotated[str, Meta(min_length=1, max_length=255, pattern=_PLAIN)]
Instant = Annotated[
    datetime,
    Meta(
        tz=True,
        description="RFC 3339 with a zone, from 2000 to 2199.",
        # Checked by `plausible`.
        extra_json_schema={"pattern": "^2[01]"},
    ),
]
Version = Annotated[
    int,
    Meta(
        ge=0,
        le=2**53 - 1,
        description="Rises with every freeze and release of the account, and with nothing else.",
    ),
]


def plausible(instant: datetime) -> None:
    """Instants near the calendar's ends cannot be reckoned with. Raises ValueError."""
    if not _EARLIEST <= instant < _LATEST:
        raise ValueError("Expected an instant from 2000 to 2199")


def in_utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
