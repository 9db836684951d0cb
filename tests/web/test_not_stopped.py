"""When a report cannot be stored: "NOT stopped" first, whom to call, and what was typed."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from msgspec.structs import replace
from sqlalchemy import text

from service.settings import Settings
from tests.web.scene import Scene, to_the_check

pytestmark = pytest.mark.anyio


class Line:
    """The line between the web process and its database, which can be cut."""

    def __init__(self, url: str, folder: Path) -> None:
        found = re.search(r"host=([^&]+)&port=(\d+)", url)
        assert found is not None
        self._name = f".s.PGSQL.{found[2]}"
        self._database = Path(unquote(found[1])) / self._name
        self._folder = folder
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.url = url.replace(found[1], quote(str(folder)))

    async def lay(self) -> None:
        self._server = await asyncio.start_unix_server(self._carry, self._folder / self._name)

    def cut(self) -> None:
        """Nothing connects any more, and what was connected is so no longer."""
        assert self._server is not None
        self._server.close()
        (self._folder / self._name).unlink(missing_ok=True)
        for end in self._open:
            end.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await asyncio.open_unix_connection(self._database)
        self._open |= {writer, their_writer}
        await asyncio.gather(_copy(reader, their_writer), _copy(their_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while said := await reader.read(64 * 1024):
            writer.write(said)
            await writer.drain()
    except OSError:
        # The other end was cut off.
        pass
    writer.close()


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A socket's address may not be longer than 107 letters."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def line(database_url: str, short_folder: Path) -> AsyncIterator[Line]:
    line = Line(database_url, short_folder)
    await line.lay()
    yield line
    line.cut()


@pytest.fixture
def settings(settings: Settings, line: Line) -> Settings:
    """Only the app is behind the line; the test itself still sees the database."""
    return replace(settings, database_url=line.url)


async def test_when_nothing_can_be_stored_the_page_says_not_stopped_first(
    scene: Scene, line: Line
) -> None:
    key = await scene.contact()
    carl = scene.browser()
    told = {"noticed": "just_now", "reach": "011 4321-1234", "note": "on <the> bus"}
    summary = await to_the_check(scene, carl, key, **told)
    mallory = scene.browser()
    foreign = (await mallory.open("/r")).form("/r").fields["csrf_token"]
    line.cut()

    page = await summary.press("/r/confirm")

    assert page.status == 503
    assert page.headers["retry-after"]
    assert page.title == "NOT stopped · Norte"
    main = page.html.partition("<main")[2]
    assert re.search(r"<h1>([^<]*)", main).group(1) == "NOT stopped"  # pyright: ignore[reportOptionalMemberAccess]  # None fails the test too
    for words in ("+54 800 555 0101", "Stolen", "Just now", "+54 11 4321-1234", "on <the> bus"):
        assert words in page.text
    assert "<the>" not in page.html
    again = next(href for href, words in page.links if "Try again here" in words)
    assert again == "/r/check"
    # What was typed two pages earlier is kept just as well,
    csrf = summary.form("/r/confirm").fields["csrf_token"]
    what = await carl.send("/r/what", {"csrf_token": csrf, "kind": "lost", "note": "on the bus"})
    assert what.status == 503
    assert "on the bus" in what.text
    # words of a form that is not ours are not repeated,
    foreign_form = {"csrf_token": foreign, "note": "Call +1 900 ..."}
    forged = await carl.send("/r/confirm", foreign_form)
    assert forged.status == 403
    assert "+1 900" not in forged.text
    # and the first page of a report needs no database at all.
    assert (await carl.open("/r")).status == 200
    for path in ("/i/read", "/owner"):
        carl.cookies["__Host-owner"] = "x" * 32
        page = await carl.open(path)
        assert page.status == 503
        assert "nothing was done" in page.text


async def test_a_fault_of_ours_while_storing_says_not_stopped(scene: Scene) -> None:
    key = await scene.contact()
    carl = scene.browser()
    summary = await to_the_check(scene, carl, key, note="on the bus")
    async with scene.house.engine.begin() as db:
        wallet_key = await db.execute(text("SELECT data_key_id FROM wallets"))
        await db.execute(
            text("UPDATE data_keys SET wrapped = '\\x00' WHERE id = :id"),
            {"id": wallet_key.scalar_one()},
        )

    page = await summary.press("/r/confirm")

    assert page.status == 503
    assert page.title == "NOT stopped · Norte"
    assert "on the bus" in page.text


async def test_the_owner_without_a_phone_reads_not_stopped_too(scene: Scene, line: Line) -> None:
    form = await scene.browser().open("/mine")
    line.cut()

    page = await form.press("/mine", address="olga-1@correo.example", number="011 4321-1234")

    assert page.status == 503
    assert page.title == "NOT stopped · Norte"
    for words in ("+54 800 555 0101", "olga-1@correo.example", "011 4321-1234"):
        assert words in page.text
    assert ("/mine", "Try again here") in page.links
