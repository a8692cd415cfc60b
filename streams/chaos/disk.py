"""A disk that can be filled: a small tmpfs where we may mount one, else a limit on the size of files."""

import ctypes
import resource
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

__all__ = ["Disk"]

_SIZE_MB: Final = 384
_PIECE = b"\0" * (1 << 20)
_DETACH = 2


class Disk:
    """One folder's disk. `kind` says which of the two it is, for the report: a limit is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        options = f"size={_SIZE_MB}m".encode()
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.mounted = not self._libc.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, options)

    @property
    def kind(self) -> str:
        """What it is."""
        if self.mounted:
            return f"tmpfs of {_SIZE_MB} MiB"
        return "the machine's own, with a limit on file sizes (RLIMIT_FSIZE) for want of the right to mount one"

    def fill(self, pids: Iterable[int]) -> None:
        """Leave no byte; with a limit instead, none to the processes `pids`."""
        if not self.mounted:
            _limit(pids, 0)
            return
        with suppress(OSError), self._ballast.open("wb", buffering=0) as ballast:
            while ballast.write(_PIECE):
                pass
        with suppress(OSError), self._ballast.open("ab", buffering=0) as ballast:
            while ballast.write(_PIECE[:512]):
                pass

    def empty(self, pids: Iterable[int]) -> None:
        """Give the room back."""
        if self.mounted:
            self._ballast.unlink(missing_ok=True)
        else:
            _limit(pids, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Unmount it, with all that is on it."""
        if self.mounted:
            self._libc.umount2(str(self.folder).encode(), _DETACH)

    @property
    def _ballast(self) -> Path:
        return self.folder / "ballast"


def _limit(pids: Iterable[int], size: int) -> None:
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size if size != resource.RLIM_INFINITY else hard, hard))
