"""One process at a time uses a cluster's folder; the kernel forgets the claim with the process."""

import fcntl
import os
from pathlib import Path

from service.embedded.faults import FolderInUse


class Claim:
    """Held from `__init__` to `release`. Raises FolderInUse."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._file = -1
        while not self.holds():
            self.release()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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
