"""The wallet's colour, used so that every letter on it or in it stays readable (WCAG AA)."""

from typing import Final

from msgspec import Struct

READABLE: Final = 4.5
WHITE: Final = "#ffffff"
BLACK: Final = "#000000"


class Colours(Struct, frozen=True, kw_only=True):
    """`brand` is a surface, `on_brand` letters on it, `accent` letters on white."""

    brand: str
    on_brand: str
    accent: str


def colours_of(brand: str) -> Colours:
    """From a colour as ``#rrggbb``. ValueError for anything else."""
    channels = _channels(brand)
    # Whatever the colour: where white is too pale on it, black has at least 4.6.
    on_brand = WHITE if contrast(brand, WHITE) >= READABLE else BLACK
    accent = channels
    while contrast(_written(accent), WHITE) < READABLE:
        red, green, blue = accent
        accent = (red * 9 // 10, green * 9 // 10, blue * 9 // 10)
    return Colours(brand=_written(channels), on_brand=on_brand, accent=_written(accent))


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2.2, from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _channels(colour: str) -> tuple[int, int, int]:
    if len(colour) != 7 or not colour.startswith("#"):
        raise ValueError("a colour is written #rrggbb")
    number = int(colour[1:], 16)
    return number >> 16, number >> 8 & 255, number & 255


def _written(channels: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*channels)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4
