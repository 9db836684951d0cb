"""A refusal is a stable name; what it may say beside is data, never a sentence."""

import re

from domain.refusals import LineTooFresh, Refused, TooMany, TooSoon
from tests.builders import A_MOMENT, NOON


def every_refusal() -> list[type[Refused]]:
    return Refused.__subclasses__()


def test_every_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.code for refusal in every_refusal()]

    assert len(codes) > 25
    assert len(set(codes)) == len(codes)


def test_codes_are_small_words_with_hyphens() -> None:
    for refusal in every_refusal():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", refusal.code), refusal


def test_what_is_refused_for_a_while_says_from_when() -> None:
    for refusal in (TooSoon, TooMany, LineTooFresh):
        refused = refusal(NOON + A_MOMENT, now=NOON)
        assert (refused.retry_at, refused.refused_at) == (NOON + A_MOMENT, NOON)
        assert refused.args == (NOON + A_MOMENT,)
        assert refusal(NOON).refused_at is None


def test_only_what_is_refused_for_a_while_says_more_than_its_name() -> None:
    talkative = {refusal for refusal in every_refusal() if "__init__" in vars(refusal)}

    assert talkative == {LineTooFresh, TooMany, TooSoon}
