"""Form bodies: fields that stand there once, and few of them."""

from typing import Final
from urllib.parse import parse_qsl

FORM: Final = "application/x-www-form-urlencoded"
# Far more than any grant has; the body's own limit alone would allow thirty thousand.
_MOST_FIELDS: Final = 32


def fields(body: bytes) -> dict[str, str]:
    """The fields of a form body; empty ones count as not sent. Raises ValueError.

    A field that stands there twice makes the request invalid (RFC 6749, section 3.2).
    """
    pairs = parse_qsl(
        body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a field stands there twice")
    return {name: value for name, value in found.items() if value}
