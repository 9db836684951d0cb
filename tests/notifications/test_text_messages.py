"""What a phone counts, cuts and cannot show."""

from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import UndefinedError
from msgspec.structs import replace

from domain.accounts import AddressKind
from domain.challenges import Purpose
from domain.tickets import OwnerReply
from notifications import gsm7
from notifications.audience import Role, Secret, hearer_in
from notifications.channels import Sms
from notifications.wording import LANGUAGES, Occasion, write
from tests.notifications import cast
from tests.notifications.cast import CODE, NOON, TOKEN
from tests.notifications.readings import (
    PHONE,
    Reading,
    every_kind,
    every_language,
    every_reading,
    text_of,
    written,
)


def test_an_unknown_clock_falls_back_to_the_wallets() -> None:
    for zone, clock in [("Mars/Olympus", "12:02"), ("", "12:02"), ("../etc/passwd", "12:02")]:
        lost = replace(cast.olga(PHONE, "es"), time_zone=zone)
        message = write(
            Occasion(
                event=cast.frozen(),
                role=Role.OWNER,
                recipient=lost,
                sender=cast.the_wallet(),
                secret=None,
                now=NOON,
            )
        )
        assert f"14/03 {clock} GMT-5" in text_of(message)


@every_kind
@every_language
def test_every_purpose_of_a_code_has_its_own_words(language: str, kind: AddressKind) -> None:
    def words(purpose: str) -> str:
        return text_of(written(cast.code_asked(purpose=purpose), Role.CONTACT, kind, language))

    assert len({words(purpose.value) for purpose in Purpose}) == len(Purpose)
    with pytest.raises(UndefinedError):
        words("something-new")


@every_language
@pytest.mark.parametrize("purpose", Purpose)
def test_a_code_on_a_phone_ends_with_the_line_that_binds_it_to_the_page(
    purpose: Purpose, language: str
) -> None:
    event = cast.code_asked(purpose=purpose.value)
    wallet = cast.the_wallet(origin="https://resguardo.norte.example:8443/")
    text = text_of(written(event, Role.CONTACT, PHONE, language, wallet=wallet))

    assert text.splitlines()[-1] == f"@resguardo.norte.example #{CODE}"


def test_a_name_a_phone_cannot_show_is_left_out() -> None:
    for event in (cast.invited(), cast.accepted()):
        for language in LANGUAGES:
            shown = text_of(written(event, Role.CONTACT, PHONE, language, owner="Sofía"))
            hidden = text_of(written(event, Role.CONTACT, PHONE, language, owner="София"))
            assert "Sofia" in shown
            assert gsm7.is_writable(hidden)
            assert TOKEN in hidden


def test_a_wallet_with_letters_of_another_alphabet_is_refused() -> None:
    with pytest.raises(ValueError, match="GSM"):
        written(cast.frozen(), Role.OWNER, PHONE, wallet=cast.the_wallet(short_name="Ñandú"))


WRITABLE = "@£$¥èéùìòÇØøÅåΔÆæßÉ!#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}[~]|€ "
short_names = st.text(WRITABLE, min_size=1).filter(
    lambda name: gsm7.septets(name) <= gsm7.LONGEST_SHORT_NAME
)
hosts = st.from_regex(r"[a-z]{1,20}\.[a-z]{1,10}\.[a-z]{2,8}", fullmatch=True).filter(
    lambda host: len(host) <= gsm7.LONGEST_HOST
)
longest = {"short_name": "€€€€€a", "host": "resguardo.wallet-with-a-long-name.example"[-40:]}


@settings(max_examples=25, deadline=None)
@given(
    short_name=st.one_of(st.just(longest["short_name"]), short_names),
    host=st.one_of(st.just(longest["host"]), hosts),
    owner=st.text("OlgaÑ íŁ'-", min_size=1, max_size=40),
    digits=st.sampled_from(["482915", "48291507"]),
)
@every_reading
def test_text_messages_fit_whatever_the_wallet_is_called(
    reading: Reading, short_name: str, host: str, owner: str, digits: str
) -> None:
    """One part with a code, two otherwise, and never a letter that would double the price.

    A link alone may take most of one part.
    """
    wallet = cast.the_wallet(
        short_name=short_name, origin=f"https://{host}", support_number="+55 (11) 3003-55501"
    )
    secret = hearer_in(reading.event, reading.role).secret
    opened = {Secret.CODE: digits, None: None}.get(secret, "x" * 43)
    for language in LANGUAGES:
        recipient = cast.olga(PHONE, language)
        if reading.role is Role.CONTACT:
            recipient = cast.carl(PHONE, language, owner)
        if reading.role is Role.ON_CALL:
            recipient = cast.sofia(PHONE, language, f"https://{host}")
        message = write(
            Occasion(
                event=reading.event,
                role=reading.role,
                recipient=recipient,
                sender=wallet,
                secret=opened,
                now=NOON,
                objection=cast.NOT_MINE,
            )
        )
        assert isinstance(message, Sms)
        assert gsm7.segments(message.text) <= (1 if secret is Secret.CODE else 2)
        if secret is Secret.CODE:
            assert message.text.splitlines()[-1] == f"@{urlsplit(wallet.origin).hostname} #{digits}"


@every_language
@every_reading
def test_a_text_message_without_a_link_is_one_part(reading: Reading, language: str) -> None:
    text = text_of(written(reading.event, reading.role, PHONE, language))

    assert gsm7.segments(text) == (2 if "https://" in text else 1)


@every_language
@pytest.mark.parametrize("reply", OwnerReply)
def test_with_an_agents_line_a_text_message_is_two_parts_at_most(
    reply: OwnerReply, language: str
) -> None:
    """Also for the wallet whose own words take the most room."""
    wallet = cast.the_wallet(short_name=longest["short_name"], support_number="+55 (11) 3003-55501")
    line = "€" * (gsm7.LONGEST_LINE // 2)

    def sms(own_line: str) -> str:
        occasion = Occasion(
            event=cast.owner_written_to(reply.value),
            role=Role.OWNER,
            recipient=cast.olga(PHONE, language),
            sender=wallet,
            secret=None,
            now=NOON,
            own_line=own_line,
        )
        return text_of(write(occasion))

    text = sms(line)
    assert text.endswith(f': "{line}"')
    assert text.startswith(f"{sms('')}\n")
    assert gsm7.segments(text) == 2
    # What does not fit is left out whole.
    assert sms(f"{line}a") == sms("")
