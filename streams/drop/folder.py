"""A drop folder on the disk: looked at, read, and cleared, without ever leaving it or following a link.

Every path is walked from the folder's own descriptor, a part at a time, with O_NOFOLLOW: whoever can write into the
folder can make us read nothing outside it, at no moment.
"""

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import IO

from streams.drop.settling import Face, is_ours
from streams.errors import UsageError
from streams.ingest.options import MIB, UnfitError

__all__ = ["Folder", "Snapshot"]

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a pipe that has taken a file's place must not hang.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_MOST_BYTES = 2048 * MIB
_MOST_FILES = 200_000
_DEEPEST = 32
_IN_MEMORY = 8 * MIB
_PIECE = MIB


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A file as it was at one moment: a copy of ours, and the hash of its bytes."""

    path: str
    face: Face
    digest: str
    content: IO[bytes]


class Folder:
    """The folder `root`; UsageError when it is none. Paths are relative to it."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise UsageError(f"{root} is no folder")
        self.root = root.resolve()

    def faces(self) -> dict[str, Face]:
        """What lies in it, at any depth up to 32, at most 200,000 files; hidden and unfinished ones are passed over."""
        found: dict[str, Face] = {}
        for top, folders, files, descriptor in os.fwalk(self.root):
            inside = os.path.relpath(top, self.root)
            deep = inside.count(os.sep) + (inside != os.curdir)
            links = [name for name in folders if self._is_link(name, descriptor)]
            folders[:] = sorted(name for name in folders if is_ours(name) and name not in links and deep < _DEEPEST)
            for name in sorted([*files, *links]):
                if is_ours(name) and (face := self._face(name, descriptor)) is not None:
                    found[os.path.normpath(os.path.join(inside, name))] = face  # noqa: PTH118 - Path costs more
            if len(found) >= _MOST_FILES:
                break
        return found

    def _is_link(self, name: str, descriptor: int) -> bool:
        face = self._face(name, descriptor)
        return face is not None and not face.regular

    def _face(self, name: str, descriptor: int) -> Face | None:
        try:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
        except OSError:  # gone meanwhile
            return None
        plain = stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)
        return Face(status.st_size, status.st_mtime_ns, plain)

    @contextmanager
    def snapshot(self, path: str) -> Iterator[Snapshot | None]:
        """The file, copied; None when it is gone or changes while it is copied. UnfitError when it is not to be had."""
        with suppress(FileNotFoundError), self._opened(path) as source:
            before = os.fstat(source.fileno())
            if not stat.S_ISREG(before.st_mode):
                raise UnfitError("not_regular")
            if before.st_size > _MOST_BYTES:
                raise UnfitError("too_large", f"more than {_MOST_BYTES // MIB} MiB")
            with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
                digest = _copied(source, copy)
                after = os.fstat(source.fileno())
                same = (before.st_size, before.st_mtime_ns) == (copy.tell(), after.st_mtime_ns)
                copy.seek(0)
                face = Face(before.st_size, before.st_mtime_ns)
                yield Snapshot(path, face, digest, copy) if same else None
                return
        yield None

    @contextmanager
    def _opened(self, path: str) -> Iterator[IO[bytes]]:
        *folders, name = Path(path).parts
        with self._parent(folders) as descriptor:
            try:
                opened = os.open(name, _FILE, dir_fd=descriptor)
            except FileNotFoundError:
                raise
            except OSError as error:
                raise UnfitError("unreadable", error.strerror or str(error)) from error
            with os.fdopen(opened, "rb", buffering=0) as source:
                yield source

    @contextmanager
    def _parent(self, folders: Sequence[str]) -> Iterator[int]:
        descriptor = os.open(self.root, _FOLDER)
        try:
            for name in folders:
                try:
                    inner = os.open(name, _FOLDER, dir_fd=descriptor)
                except NotADirectoryError as error:
                    raise UnfitError("symlink") from error
                except PermissionError as error:
                    raise UnfitError("unreadable", error.strerror or "") from error
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def remove(self, path: str, face: Face) -> bool:
        """Delete the file if it still is the one with `face`."""
        *folders, name = Path(path).parts
        with suppress(OSError, UnfitError), self._parent(folders) as descriptor:
            if self._face(name, descriptor) == face:
                os.unlink(name, dir_fd=descriptor)
                return True
        return False

    def move(self, path: str, face: Face, target: Path) -> bool:
        """Move the file into the folder `target`, under its path, if it still is the one with `face`.

        A name that is taken there gets a number. A file that another has replaced at the last moment comes back.
        """
        *folders, name = Path(path).parts
        with suppress(FileNotFoundError, UnfitError), self._parent(folders) as descriptor:
            if self._face(name, descriptor) != face:
                return False
            place = target.joinpath(*folders)
            place.mkdir(parents=True, exist_ok=True)
            moved = _free(place, name)
            source = Path(f"/proc/self/fd/{descriptor}") / name
            shutil.move(source, moved)
            status = moved.lstat()
            if (status.st_size, status.st_mtime_ns) != face[:2]:
                shutil.move(moved, source)
                return False
            return True
        return False


def _copied(source: IO[bytes], copy: IO[bytes]) -> str:
    state = blake2b(digest_size=16)
    while (piece := source.read(_PIECE)) and copy.tell() <= _MOST_BYTES:
        state.update(piece)
        copy.write(piece)
    return state.hexdigest()


def _free(place: Path, name: str) -> Path:
    candidate, number = place / name, 1
    while os.path.lexists(candidate):
        stem, dot, suffix = name.partition(".")
        candidate = place / f"{stem}-{number}{dot}{suffix}"
        number += 1
    return candidate
