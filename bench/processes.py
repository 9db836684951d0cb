"""What processes hold in memory.

Two figures, because they answer two questions. PSS is what a process adds to a machine that runs
several: its own pages, and its share of those it has in common with others. RSS counts what is
shared in full, and is what container limits and `top` show. Asked of Linux; elsewhere PSS is not
told, and the unique memory (USS) stands in its place.
"""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

import psutil

_LOOKS_EVERY: Final = 0.5


class Peak:
    """The most that was seen, in MB."""

    def __init__(self) -> None:
        self.pss = 0.0
        self.rss = 0.0

    def look(self, pid: int) -> None:
        """At the largest process of a family: one web process, say, not its supervisor."""
        for process in _family(pid):
            try:
                memory = process.memory_full_info()
            except psutil.Error:
                # It ended meanwhile.
                continue
            self.pss = max(self.pss, getattr(memory, "pss", memory.uss) / 1e6)
            self.rss = max(self.rss, memory.rss / 1e6)


@contextmanager
def watched(pid: int, peak: Peak) -> Generator[None]:
    """Look twice a second for as long as this lasts."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(_LOOKS_EVERY):
            peak.look(pid)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
        peak.look(pid)
    finally:
        over.set()
        thread.join()


def memory_of(pid: int) -> float:
    """What the largest process below `pid` holds now: PSS in MB."""
    peak = Peak()
    peak.look(pid)
    return peak.pss


def _family(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.Error:
        return []
