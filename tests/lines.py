"""The line between the web process under test and its database, which a test may cut."""

import asyncio
import re
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import quote, unquote

import pytest


class Line:
    """A socket of its own; whoever is to stand behind it is given its `url`."""

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
