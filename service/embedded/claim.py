"""One process at a time uses a cluster's folder; the kernel forgets the claim with the process."""

import fcntl
import os
from pathlib import Path

from service.embedded.faults import FolderInUse


class Claim:
    """Held from `__init__` to `release`. Raises FolderInUse.

    With `make=False` only a folder that was claimed before; FileNotFoundError otherwise.
    """

    def __init__(self, folder: Path, *, make: bool = True) -> None:
        self._path = folder / "lock"
        self._file = -1
        while not self.holds():
            self.release()
            if make:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            making = os.O_CREAT if make else 0
            self._file = os.open(self._path, os.O_RDWR | os.O_CLOEXEC | making, 0o600)
            try:
                fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.pread(self._file, 20, 0).decode("ascii")
                self.release()
                raise FolderInUse(
                    f"The database in {folder} is in use by process {holder}. Stop it, or choose "
                    "another folder."
                ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, str(os.getpid()).encode("ascii"), 0)

    def holds(self) -> bool:
        """Whether the folder is still the one that was claimed; it can be deleted meanwhile."""
        if self._file < 0 or not self._path.exists():
            return False
        return os.path.samestat(self._path.stat(), os.fstat(self._file))

    def release(self) -> None:
        """Harmless when repeated."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
