"""What a measurement says: one JSON object a line, with its reference from the same run."""

import sys

import msgspec
from msgspec import Struct


class Result(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`ratio` is value over reference: machines differ, and this one is noisy."""

    name: str
    value: float
    unit: str
    reference: float | None = None
    reference_name: str = ""
    ratio: float | None = None


def tell(
    name: str, value: float, unit: str, *, reference: float | None = None, reference_name: str = ""
) -> None:
    """Print a result at once, so that an ended run keeps what it has."""
    ratio = None if not reference else round(value / reference, 3)
    result = Result(
        name=name,
        value=round(value, 2),
        unit=unit,
        reference=None if reference is None else round(reference, 2),
        reference_name=reference_name,
        ratio=ratio,
    )
    sys.stdout.write(msgspec.json.encode(result).decode() + "\n")
    sys.stdout.flush()
