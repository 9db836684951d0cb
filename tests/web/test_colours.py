import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.web.colours import contrast, oklch_of, theme_css, theme_of

STYLE_SHEET = Path(__file__).parents[2] / "service" / "static" / "resguardo.css"
BEHIND = ("ground", "surface", "surface-quiet", "primary-surface")
TEXTS = ("text", "text-quiet", "link")
EDGES = ("edge", "primary-edge", "focus")

brands = st.integers(0, 0xFFFFFF).map("#{:06x}".format)


def named_in_the_style_sheet(*, dark: bool) -> dict[str, str]:
    """The custom properties that hold a plain colour, by day or by night."""
    day, night = STYLE_SHEET.read_text("utf-8").split("@media (prefers-color-scheme: dark)")[:2]
    found = re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", day)
    if dark:
        found += re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", night[: night.index("\n}")])
    return {name: value if len(value) == 7 else "#" + value[1] * 6 for name, value in found}


@given(brands)
@example("#ffffff")
@example("#000000")
@example("#ffe600")
@example("#767676")
def test_whatever_the_brand_colour_every_text_can_be_read(brand: str) -> None:
    theme = theme_of(brand)

    for scheme in (theme.light, theme.dark):
        for text in TEXTS:
            for behind in BEHIND:
                assert contrast(scheme[text], scheme[behind]) >= 4.5, (text, behind)
        assert contrast(scheme["on-primary"], scheme["primary"]) >= 4.5
        assert contrast(scheme["on-primary"], scheme["primary-pressed"]) >= 4.5
        assert contrast(scheme["on-band"], scheme["band"]) >= 4.5


@given(brands)
@example("#ffffff")
@example("#000000")
@example("#ffe600")
def test_whatever_the_brand_colour_every_edge_can_be_seen(brand: str) -> None:
    theme = theme_of(brand)

    for scheme in (theme.light, theme.dark):
        for edge in EDGES:
            for behind in BEHIND:
                assert contrast(scheme[edge], scheme[behind]) >= 3, (edge, behind)


@given(brands)
def test_the_colours_of_danger_and_success_hold_on_every_wallets_ground(brand: str) -> None:
    theme = theme_of(brand)

    for scheme, dark in ((theme.light, False), (theme.dark, True)):
        fixed = named_in_the_style_sheet(dark=dark)
        for name in ("danger", "good", "wait"):
            assert contrast(fixed[f"{name}-text"], fixed[f"{name}-surface"]) >= 4.5
            assert contrast(scheme["text"], fixed[f"{name}-surface"]) >= 4.5
        for name in ("danger", "good"):
            assert contrast(fixed[f"on-{name}"], fixed[name]) >= 4.5
            assert contrast(fixed[name], scheme["surface"]) >= 3
        assert contrast(fixed["on-danger"], fixed["danger-pressed"]) >= 4.5
        assert contrast(fixed["danger-text"], scheme["surface"]) >= 4.5


def test_the_style_sheets_own_colours_are_a_theme_too() -> None:
    for dark, theme in ((False, theme_of("#0a5c52").light), (True, theme_of("#0a5c52").dark)):
        assert set(theme) <= set(named_in_the_style_sheet(dark=dark))
        for name, value in theme.items():
            assert named_in_the_style_sheet(dark=dark)[name] == value, name


def test_a_brand_colour_that_can_be_used_is_used_as_it_is() -> None:
    assert theme_of("#0a5c52").light["primary"] == "#0a5c52"
    assert theme_of("#ffe600").light["primary"] == "#ffe600"
    # White and dark letters both fail on this grey by a little, so it moves by a little.
    assert theme_of("#797979").light["primary"] != "#797979"


def test_the_text_for_the_page_names_both_schemes() -> None:
    css = theme_css("#0a5c52")

    assert css.startswith(":root{--ground:")
    assert "@media(prefers-color-scheme:dark){:root{--ground:" in css


def test_contrast_is_that_of_the_guideline() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@given(brands)
def test_a_colour_survives_the_way_to_oklch_and_back(brand: str) -> None:
    colour = oklch_of(brand)
    back = colour.at(colour.lightness)

    for at in (1, 3, 5):
        assert abs(int(back[at : at + 2], 16) - int(brand[at : at + 2], 16)) <= 1


@pytest.mark.parametrize("written", ["red", "#fff", "#12345g", "#1234567", "", "#0a5c52;}"])
def test_anything_but_a_six_digit_colour_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        theme_of(written)
