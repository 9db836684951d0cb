"""From any brand colour to a theme on which everything stays readable.

A wallet names one colour, whatever it is: a yellow on which white text vanishes, a navy that
disappears at night. Hue and colourfulness stay the brand's; the lightness of each role is searched
in OKLCH until the contrast of WCAG 2.2 holds: 4.5 for text, 3 for the edges of what can be used.
"""

import re
from collections.abc import Callable, Iterable
from functools import cache

from msgspec import Struct

# Thresholds of WCAG 2.2, 1.4.3 and 1.4.11, with a little kept in hand: some screens are poor.
TEXT_CONTRAST = 4.6
EDGE_CONTRAST = 3.1

_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class Oklch(Struct, frozen=True):
    """Lightness 0 to 1, chroma from 0 (grey), hue as a point (cos, sin) of the colour circle."""

    lightness: float
    chroma: float
    hue: tuple[float, float]

    def at(self, lightness: float, *, at_most: float = 1.0) -> str:
        """The same hue at another lightness, as "#rrggbb"; chroma gives way if the screen must."""
        chroma = min(self.chroma, at_most)
        if (exact := _to_hex(lightness, chroma, self.hue)) is not None:
            return exact
        low, high = 0.0, chroma
        for _ in range(12):
            middle = (low + high) / 2
            low, high = (
                (low, middle) if _to_hex(lightness, middle, self.hue) is None else (middle, high)
            )
        return _to_hex(lightness, low, self.hue) or ("#ffffff" if lightness > 0.5 else "#000000")


class Theme(Struct, frozen=True):
    """Custom properties without their dashes, {"primary": "#0a5c52"}, for day and for night."""

    light: dict[str, str]
    dark: dict[str, str]


def theme_of(brand: str) -> Theme:
    """A readable theme for any "#rrggbb". Raises ValueError for anything else."""
    colour = oklch_of(brand)
    return Theme(light=_light(brand, colour), dark=_dark(colour))


@cache
def theme_css(brand: str) -> str:
    """The theme as CSS text for one inline style element, overriding the style sheet's own."""
    theme = theme_of(brand)
    return (
        f":root{{{_declarations(theme.light)}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{_declarations(theme.dark)}}}}}"
    )


def contrast(one: str, other: str) -> float:
    """Contrast ratio of WCAG 2.2, 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _light(brand: str, colour: Oklch) -> dict[str, str]:
    ground = colour.at(0.972, at_most=0.007)
    surface = "#ffffff"
    quiet = colour.at(0.958, at_most=0.01)
    tinted = colour.at(0.95, at_most=0.022)
    behind = (ground, surface, quiet, tinted)
    ink = colour.at(0.23, at_most=0.025)

    # A light brand colour stays what it is: dark letters on it, and an edge that can be seen.
    primary = _search(
        colour, colour.lightness, lambda c: _readable_on(c, ink) is not None, first=brand
    )
    on_primary = _readable_on(primary, ink) or ink
    away = -0.055 if on_primary == "#ffffff" else 0.035
    return {
        "ground": ground,
        "surface": surface,
        "surface-quiet": quiet,
        "primary-surface": tinted,
        "text": ink,
        "text-quiet": _text(colour, 0.46, behind, at_most=0.02),
        "line": colour.at(0.905, at_most=0.012),
        "edge": _edge(colour, 0.6, behind, at_most=0.02),
        "primary": primary,
        "on-primary": on_primary,
        "primary-pressed": colour.at(min(1.0, max(0.0, oklch_of(primary).lightness + away))),
        "primary-edge": _edge(colour, oklch_of(primary).lightness, behind),
        "link": _text(colour, min(colour.lightness, 0.5), behind),
        "focus": _edge(colour, min(colour.lightness, 0.55), behind),
        "band": primary,
        "on-band": on_primary,
    }


def _dark(colour: Oklch) -> dict[str, str]:
    ground = colour.at(0.165, at_most=0.012)
    surface = colour.at(0.21, at_most=0.014)
    quiet = colour.at(0.255, at_most=0.016)
    tinted = colour.at(0.29, at_most=0.045)
    behind = (ground, surface, quiet, tinted)
    ink = colour.at(0.16, at_most=0.02)

    def stands_out(candidate: str) -> bool:
        return _all(candidate, behind, EDGE_CONTRAST) and _readable_on(candidate, ink) is not None

    # At night the fill itself has to be seen, so a dark brand colour grows lighter.
    primary = _search(colour, max(colour.lightness, 0.72), stands_out)
    on_primary = _readable_on(primary, ink) or ink
    away = -0.05 if on_primary == "#ffffff" else 0.05
    return {
        "ground": ground,
        "surface": surface,
        "surface-quiet": quiet,
        "primary-surface": tinted,
        "text": colour.at(0.955, at_most=0.006),
        "text-quiet": _text(colour, 0.77, behind, at_most=0.015),
        "line": colour.at(0.33, at_most=0.016),
        "edge": _edge(colour, 0.58, behind, at_most=0.02),
        "primary": primary,
        "on-primary": on_primary,
        "primary-pressed": colour.at(min(1.0, max(0.0, oklch_of(primary).lightness + away))),
        "primary-edge": primary,
        "link": _text(colour, max(colour.lightness, 0.8), behind, at_most=0.13),
        "focus": _edge(colour, max(colour.lightness, 0.8), behind),
        # A wide bright band would dazzle in the dark; a deep one still says whose page this is.
        "band": colour.at(0.27, at_most=0.075),
        "on-band": colour.at(0.97, at_most=0.01),
    }


def _declarations(properties: dict[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in properties.items())


def _text(colour: Oklch, start: float, behind: Iterable[str], *, at_most: float = 1.0) -> str:
    return _search(colour, start, lambda c: _all(c, behind, TEXT_CONTRAST), at_most=at_most)


def _edge(colour: Oklch, start: float, behind: Iterable[str], *, at_most: float = 1.0) -> str:
    return _search(colour, start, lambda c: _all(c, behind, EDGE_CONTRAST), at_most=at_most)


def _all(candidate: str, behind: Iterable[str], ratio: float) -> bool:
    return all(contrast(candidate, other) >= ratio for other in behind)


def _readable_on(fill: str, ink: str) -> str | None:
    """White if it can be read on the fill, else ink, else nothing."""
    return next((on for on in ("#ffffff", ink) if contrast(on, fill) >= TEXT_CONTRAST), None)


def _search(
    colour: Oklch,
    start: float,
    suits: Callable[[str], bool],
    *,
    at_most: float = 1.0,
    first: str | None = None,
) -> str:
    """The colour that suits at the lightness nearest to `start`; black or white suit at last."""
    if first is not None and suits(first):
        return first
    for step in range(201):
        for lightness in (start - step / 200, start + step / 200):
            if 0 <= lightness <= 1 and suits(candidate := colour.at(lightness, at_most=at_most)):
                return candidate
    msg = f"no lightness of {colour} suits"
    raise ValueError(msg)


# Conversion between sRGB and OKLab: Björn Ottosson, "A perceptual color space for image
# processing" (2020), with the matrices given there; transfer function of IEC 61966-2-1.


def oklch_of(colour: str) -> Oklch:
    """Raises ValueError unless the colour is written "#rrggbb"."""
    red, green, blue = _linear(colour)
    long = (0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue) ** (1 / 3)
    medium = (0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue) ** (1 / 3)
    short = (0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue) ** (1 / 3)
    lightness = 0.2104542553 * long + 0.7936177850 * medium - 0.0040720468 * short
    a = 1.9779984951 * long - 2.4285922050 * medium + 0.4505937099 * short
    b = 0.0259040371 * long + 0.7827717662 * medium - 0.8086757660 * short
    chroma = (a * a + b * b) ** 0.5
    # A grey has no hue of its own, only the noise of rounding.
    hue = (a / chroma, b / chroma) if chroma > 1e-4 else (1.0, 0.0)
    return Oklch(lightness, chroma if chroma > 1e-4 else 0.0, hue)


def _to_hex(lightness: float, chroma: float, hue: tuple[float, float]) -> str | None:
    """The colour as "#rrggbb", or nothing where no screen can show it."""
    a, b = chroma * hue[0], chroma * hue[1]
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )
    if any(not -0.002 <= channel <= 1.002 for channel in channels):
        return None
    return "#" + "".join(f"{_encoded(channel):02x}" for channel in channels)


def _linear(colour: str) -> tuple[float, float, float]:
    if not _HEX.fullmatch(colour):
        msg = f"a colour is written #rrggbb, not {colour!r}"
        raise ValueError(msg)
    red, green, blue = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return _decoded(red), _decoded(green), _decoded(blue)


def _decoded(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4


def _encoded(channel: float) -> int:
    channel = min(1.0, max(0.0, channel))
    shown = 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
    return round(shown * 255)


def _luminance(colour: str) -> float:
    red, green, blue = _linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
