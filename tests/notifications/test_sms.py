from collections.abc import AsyncGenerator
from datetime import timedelta
from uuid import UUID

import aiohttp
import jsonschema
import pytest
from aiohttp import web
from msgspec import Struct

from notifications.channels import Later, Never, Sent, Sms
from notifications.channels.sms import SmsChannel, SmsSettings
from tests.notifications.cast import ADDRESSES, CLEO
from tests.notifications.outside import ACCOUNT, AUTH_TOKEN, Carrier, a_carrier, as_described

pytestmark = pytest.mark.anyio

KEY = UUID(int=77)
TEXT = Sms(to=ADDRESSES[CLEO], text="Norte: 482915 …\n@norte.example #482915")


class Line(Struct):
    carrier: Carrier
    http: aiohttp.ClientSession

    def channel(self, **changes: str) -> SmsChannel:
        settings = {
            "base_url": self.carrier.base_url,
            "account_sid": ACCOUNT,
            "auth_token": AUTH_TOKEN,
            "sender": "+15005550006",
        }
        return SmsChannel(SmsSettings(**settings | changes), self.http)


@pytest.fixture
async def line(anyio_backend: str) -> AsyncGenerator[Line]:
    async with a_carrier() as carrier, aiohttp.ClientSession() as http:
        yield Line(carrier, http)


async def test_a_text_reaches_the_carrier_as_its_description_asks(line: Line) -> None:
    outcome = await line.channel().send(TEXT, key=KEY)

    assert outcome == Sent(provider_ref="SM" + "1".zfill(32))
    assert line.carrier.forms == [
        {"To": "+5491155550002", "From": "+15005550006", "Body": TEXT.text}
    ]
    assert line.carrier.keys == [str(KEY)]


@pytest.mark.parametrize(
    ("useful_for", "validity"),
    [(timedelta(minutes=10), "600"), (timedelta(seconds=1), "5"), (timedelta(days=7), "36000")],
)
async def test_a_code_is_not_kept_by_the_carrier_beyond_its_end(
    line: Line, useful_for: timedelta, validity: str
) -> None:
    text = Sms(to=TEXT.to, text="482915", useful_for=useful_for)

    await line.channel().send(text, key=KEY)

    assert line.carrier.forms[0]["ValidityPeriod"] == validity


async def test_a_misspelt_parameter_would_be_noticed(line: Line) -> None:
    with pytest.raises(jsonschema.ValidationError, match="Validity"):
        as_described({"To": "+1", "From": "+1", "Body": "", "Validity": "5"})
    with pytest.raises(jsonschema.ValidationError, match="From"):
        as_described({"To": "+1", "Body": "", "Sender": "+1"})


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (400, Never(error="http-400-21211")),
        (403, Never(error="http-403-21211")),
        (404, Never(error="http-404-21211")),
        (401, Later(error="http-401-21211")),
        (408, Later(error="http-408-21211")),
        (429, Later(error="http-429-21211")),
        (500, Later(error="http-500-21211")),
        (503, Later(error="http-503-21211")),
    ],
)
async def test_a_refusal_is_final_only_when_it_is_about_the_message(
    line: Line, status: int, outcome: Later | Never
) -> None:
    words = {"code": 21211, "message": "The 'To' number +5491155550002 is not valid"}
    line.carrier.answer = web.json_response(words, status=status)

    assert await line.channel().send(TEXT, key=KEY) == outcome


@pytest.mark.parametrize(
    ("written", "wait"),
    [
        ("90", timedelta(seconds=90)),
        ("Sat, 14 Mar 2026 17:03:30 GMT", timedelta(seconds=90)),
        ("Sat, 14 Mar 2026 17:00:00 GMT", timedelta(0)),
        ("soon", None),
        ("-5", None),
    ],
)
async def test_the_carrier_may_say_when_to_come_back(
    line: Line, written: str, wait: timedelta | None
) -> None:
    headers = {"Retry-After": written, "Date": "Sat, 14 Mar 2026 17:02:00 GMT"}
    line.carrier.answer = web.Response(status=429, headers=headers)

    assert await line.channel().send(TEXT, key=KEY) == Later(error="http-429", retry_after=wait)


async def test_a_redirect_is_not_followed(line: Line) -> None:
    line.carrier.answer = web.Response(status=302, headers={"Location": "http://127.0.0.1:9/"})

    assert await line.channel().send(TEXT, key=KEY) == Later(error="http-302")


async def test_a_wrong_token_is_our_trouble_and_not_the_messages(line: Line) -> None:
    outcome = await line.channel(auth_token="wrong").send(TEXT, key=KEY)

    assert outcome == Later(error="http-401-20003")


async def test_nobody_answering_is_for_later(line: Line) -> None:
    gone = line.channel()
    async with a_carrier() as other:
        elsewhere = line.channel(base_url=other.base_url)

    assert isinstance(await gone.send(TEXT, key=KEY), Sent)
    assert await elsewhere.send(TEXT, key=KEY) == Later(error="http-ClientConnectorError")


@pytest.mark.parametrize(
    "changes", [{"base_url": "carrier.example"}, {"account_sid": "AC12"}, {"base_url": "ftp://c"}]
)
async def test_wrong_settings_stop_the_start(line: Line, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"url|SID"):
        line.channel(**changes)


def test_settings_do_not_show_their_token() -> None:
    settings = SmsSettings(base_url="b", account_sid=ACCOUNT, auth_token=AUTH_TOKEN, sender="s")

    assert AUTH_TOKEN not in repr(settings) + str([settings])
