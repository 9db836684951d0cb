import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.colours import READABLE, WHITE, colours_of, contrast


@given(st.integers(0, 0xFFFFFF).map("#{:06x}".format))
def test_letters_are_readable_whatever_the_brand_colour(brand: str) -> None:
    colours = colours_of(brand)

    assert colours.brand == brand
    assert contrast(colours.brand, colours.on_brand) >= READABLE
    assert contrast(colours.accent, WHITE) >= READABLE


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert contrast("#ffffff", "#ffffff") == 1


@pytest.mark.parametrize("written", ["", "red", "#fff", "0b6e4f7", "#0b6e4g"])
def test_anything_else_is_no_colour(written: str) -> None:
    with pytest.raises(ValueError, match=r"colour|base 16"):
        colours_of(written)
