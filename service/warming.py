"""What a web process makes ready while it answers already: the first on a bad night wait for none.

Nobody reports anything for hours, and then many do within a minute. What is made at first use would
be made for all of them at that moment: connections, catalogues, and the pages between a contact's
link, or a stranger's phone, and the receipt.
"""

import asyncio
from contextlib import AsyncExitStack, suppress
from types import CodeType
from typing import Final

from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from service.wording import LANGUAGES, templates

_PAGES: Final = ("code.html", "not_stopped.html", "refusal.html")
_FOLDERS: Final = ("report/", "without_link/")


class _CompiledOnce(BytecodeCache):
    """A page is the same code in every language; only the words it looks up are others."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._known.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._known[bucket.key, bucket.checksum] = bucket.code


async def warm_up(engine: AsyncEngine, connections: int) -> None:
    """Takes half a second of work, while requests are answered in between. Given up, it keeps
    nobody waiting: what a thread has begun is one page."""
    # The database may be away by now; whoever needs a connection then will say so.
    with suppress(SQLAlchemyError, OSError):
        await _open_all(engine, connections)
    once = _CompiledOnce()
    for language in LANGUAGES:
        pages = templates(language)
        pages.bytecode_cache = once
        for name in pages.list_templates(filter_func=_is_on_the_way):
            await asyncio.to_thread(pages.get_template, name)


async def _open_all(engine: AsyncEngine, connections: int) -> None:
    """One after the other, and none is given back before the last is there."""
    async with AsyncExitStack() as opened:
        for _ in range(connections):
            await opened.enter_async_context(engine.connect())


def _is_on_the_way(name: str) -> bool:
    """To a report that is stored, or to the word that it is not."""
    return name in _PAGES or name.startswith(_FOLDERS)
