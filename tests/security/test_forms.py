"""Forms come from our own pages, in the browser that got them."""

from typing import Final

import pytest
from msgspec.structs import replace

from domain.refusals import FormNotOurs
from service.security.forms import SEED_COOKIE, new_seed, require_ours, token_for
from service.security.keys import KeyRing, NamedKey

OURS: Final = "https://norte.example"


def test_a_form_of_our_own_page_in_the_same_browser_is_ours(keys: KeyRing) -> None:
    seed = new_seed()

    require_ours(keys, seed=seed, token=token_for(keys, seed), origin=OURS, own_origin=OURS)


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("null", id="null"),
        pytest.param("https://mallory.example", id="another"),
        pytest.param("http://norte.example", id="not encrypted"),
        pytest.param("https://norte.example:8443", id="another port"),
        pytest.param("https://norte.example.mallory.example", id="ours as a beginning"),
        pytest.param("https://pages.norte.example", id="below ours"),
        pytest.param("https://NORTE.example", id="never written so by a browser"),
    ],
)
def test_a_form_from_any_other_origin_is_not_ours(keys: KeyRing, origin: str | None) -> None:
    seed = new_seed()
    token = token_for(keys, seed)

    with pytest.raises(FormNotOurs):
        require_ours(keys, seed=seed, token=token, origin=origin, own_origin=OURS)


def test_another_browser_s_token_is_not_ours(keys: KeyRing) -> None:
    ours, theirs = new_seed(), new_seed()

    with pytest.raises(FormNotOurs):
        require_ours(keys, seed=ours, token=token_for(keys, theirs), origin=OURS, own_origin=OURS)


@pytest.mark.parametrize("token", ["", "0", "ñ", "\0"])
def test_a_missing_or_made_up_token_is_not_ours(keys: KeyRing, token: str) -> None:
    with pytest.raises(FormNotOurs):
        require_ours(keys, seed=new_seed(), token=token, origin=OURS, own_origin=OURS)


def test_a_browser_without_its_cookie_has_no_token_that_fits(keys: KeyRing) -> None:
    for seed in (None, ""):
        with pytest.raises(FormNotOurs):
            require_ours(keys, seed=seed, token="", origin=OURS, own_origin=OURS)
        with pytest.raises(FormNotOurs):
            require_ours(keys, seed=seed, token=token_for(keys, ""), origin=OURS, own_origin=OURS)


def test_a_token_of_another_installation_is_not_ours(keys: KeyRing) -> None:
    seed = new_seed()
    elsewhere = replace(keys, forms=NamedKey("forms-1", b"e" * 32))

    with pytest.raises(FormNotOurs):
        require_ours(
            keys, seed=seed, token=token_for(elsewhere, seed), origin=OURS, own_origin=OURS
        )


def test_the_token_does_not_give_the_cookie_away(keys: KeyRing) -> None:
    seed = new_seed()

    assert seed not in token_for(keys, seed)
    # The prefix makes browsers refuse the cookie from anyone but this very host over https.
    assert SEED_COOKIE.startswith("__Host-")
