"""Paths of the command line into open regular files, in a fixed order."""

import glob
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from streams.ingest.options import Reason, Refused, UnfitError, printable

__all__ = ["Input", "inputs"]

# O_NONBLOCK: opening a pipe that takes a file's place between the two checks must not hang.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_STDIN = 0


@dataclass(frozen=True, slots=True)
class Input:
    """An open file or archive member, good until the next one is asked for.

    `label` names it in reports, `name` decides its kind and becomes the document's
    file name (empty for stdin). `seen_at` is the containing file's mtime.
    """

    label: str
    name: str
    stream: BinaryIO
    seen_at: datetime
    seekable: bool = True


def inputs(paths: Iterable[str], *, now: datetime) -> Iterator[Input | Refused]:
    """Every file under `paths` (files, folders, globs, `-`); hidden files of folders are skipped.

    Symbolic links, pipes and devices are refused, never followed or opened.
    """
    for path in paths:
        if path == "-":
            with os.fdopen(_STDIN, "rb", closefd=False) as stream:
                yield Input("-", "", stream, now, seekable=False)
            continue
        for match in _matches(path):
            yield from _under(match) if isinstance(match, str) else (match,)


def _matches(path: str) -> list[str] | list[Refused]:
    if "\0" in path:
        return [Refused(printable(path), "bad_name", "NUL")]
    if os.path.lexists(path) or not glob.has_magic(path):
        return [path]
    found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute pattern
    if "**" in path:  # it matches a folder and what is in it
        found = [match for match in found if Path(match).is_symlink() or not Path(match).is_dir()]
    return found or [Refused(printable(path), "not_found", "no file matches")]


def _under(path: str) -> Iterator[Input | Refused]:
    try:
        mode = os.lstat(path).st_mode
    except OSError as error:
        yield _unreadable(path, error)
        return
    if stat.S_ISDIR(mode):
        yield from _folder(path)
    else:
        yield from _file(path, Path(path).name, path)


def _folder(top: str) -> Iterator[Input | Refused]:
    failed: list[OSError] = []
    try:
        for folder, folders, files, folder_fd in os.fwalk(top, onerror=failed.append):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(name for name in files if not name.startswith(".")):
                path = str(Path(folder, name))
                yield from _file(name, os.path.relpath(path, top), path, folder_fd)
            for name in folders:
                if stat.S_ISLNK(os.stat(name, dir_fd=folder_fd, follow_symlinks=False).st_mode):
                    yield Refused(printable(str(Path(folder, name))), "symlink")
    except (OSError, RecursionError) as error:
        yield _unreadable(top, error)
    for unlisted in failed:
        yield _unreadable(str(unlisted.filename or top), unlisted)


def _file(path: str, name: str, label: str, folder_fd: int | None = None) -> Iterator[Input | Refused]:
    try:
        with _opened(path, folder_fd) as (stream, seen_at):
            yield Input(label, name, stream, seen_at)
    except UnfitError as error:
        yield error.refused(label)
    except OSError as error:
        yield _unreadable(label, error)


@contextmanager
def _opened(path: str, folder_fd: int | None) -> Iterator[tuple[BinaryIO, datetime]]:
    _check_regular(os.stat(path, dir_fd=folder_fd, follow_symlinks=False).st_mode)
    with os.fdopen(os.open(path, _FLAGS, dir_fd=folder_fd), "rb") as stream:
        status = os.fstat(stream.fileno())
        _check_regular(status.st_mode)
        yield stream, _EPOCH + timedelta(microseconds=status.st_mtime_ns // 1000)


def _check_regular(mode: int) -> None:
    if not stat.S_ISREG(mode):
        reason: Reason = "symlink" if stat.S_ISLNK(mode) else "not_regular"
        raise UnfitError(reason)


def _unreadable(path: str, error: OSError | RecursionError) -> Refused:
    reason: Reason = "not_found" if isinstance(error, FileNotFoundError) else "unreadable"
    return Refused(printable(path), reason, getattr(error, "strerror", None) or str(error))
