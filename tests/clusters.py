"""Real PostgreSQL for tests: a cluster that is made, used and thrown away."""

import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from service import embedded
from service.embedded import Cluster, FolderInUse

PREFIX = "resguardo-tests-"


@contextmanager
def throw_away_cluster() -> Generator[Cluster]:
    """A cluster nobody else knows, with the database `resguardo` still empty.

    It ends with the process that asked for it, even a killed one; the files that such a
    one leaves are removed by the next.
    """
    remove_what_killed_runs_left()
    # Not pytest's folder: nobody but the person who runs the tests may walk through that one.
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with embedded.start(folder, durable=False) as cluster:
            yield cluster
    finally:
        embedded.remove(folder)


def remove_what_killed_runs_left() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        # What others use, or own, is theirs; what was made this very moment has no lock yet.
        with suppress(FolderInUse, PermissionError):
            embedded.remove(folder)
