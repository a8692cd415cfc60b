"""Members of tar and zip archives, one at a time, never written to disk."""

import io
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import Any, BinaryIO, cast

from streams.ingest.files import Input
from streams.ingest.inflate import Budget, spending
from streams.ingest.options import MIB, ArchiveLimits, Reason, Refused, UnfitError, printable

__all__ = ["tar_members", "zip_members"]

# One read of a tar header's extension, or of a zip's directory: each lands in memory whole.
_TAR_READ = MIB
_ZIP_READ = 16 * MIB
_BLOCK = tarfile.BLOCKSIZE
_NAME_CHARACTERS = 1024
_PART_BYTES = 255


def tar_members(archive: Input, stream: BinaryIO, limits: ArchiveLimits) -> Iterator[Input | Refused]:
    """Regular files of a tar stream, in its order; links and devices are refused."""
    forward = _Forward(stream)
    with tarfile.open(fileobj=cast("BinaryIO", forward), mode="r:") as tar:
        for number in range(limits.members + 1):
            cast("Any", tar).members.clear()  # it would keep them all
            if (member := tar.next()) is None:
                break
            if number == limits.members:
                raise UnfitError("archive_limit", f"more than {limits.members} members")
            yield from _tar_member(archive, tar, member)
        if not forward.ended_well():
            raise UnfitError("corrupt", "the archive ends too early or has a damaged header")


def _tar_member(archive: Input, tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[Input | Refused]:
    label = f"{archive.label}!{member.name}"
    if member.isdir() or _hidden(member.name):
        return
    if (reason := _tar_refusal(member)) is not None:
        yield Refused(printable(label), reason)
        return
    content = tar.extractfile(member)
    if content is not None:
        yield Input(label, member.name, cast("BinaryIO", content), archive.seen_at)


def _tar_refusal(member: tarfile.TarInfo) -> Reason | None:
    if member.issym() or member.islnk():
        return "symlink"
    if not member.isreg() or member.issparse():
        return "not_regular"
    return _bad_name(member.name)


def zip_members(archive: Input, limits: ArchiveLimits) -> Iterator[Input | Refused]:
    """Regular files of a zip, in the order of its directory; encrypted ones are refused."""
    size = archive.stream.seek(0, io.SEEK_END)
    budget = Budget(limits, lambda: size)
    with zipfile.ZipFile(cast("BinaryIO", _Capped(archive.stream))) as opened:
        members = opened.infolist()
        if len(members) > limits.members:
            raise UnfitError("archive_limit", f"more than {limits.members} members")
        for member in members:
            yield from _zip_member(archive, opened, member, budget)


def _zip_member(
    archive: Input, opened: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget
) -> Iterator[Input | Refused]:
    label = f"{archive.label}!{member.orig_filename}"
    if member.is_dir() or _hidden(member.orig_filename):
        return
    if (reason := _zip_refusal(member)) is not None:
        yield Refused(printable(label), reason)
        return
    try:
        content = opened.open(member)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        yield Refused(printable(label), "corrupt", printable(str(error)))
        return
    with content:
        yield Input(label, member.filename, spending(cast("BinaryIO", content), budget), archive.seen_at)


def _zip_refusal(member: zipfile.ZipInfo) -> Reason | None:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "symlink"
    if kind not in (0, stat.S_IFREG):
        return "not_regular"
    return "encrypted" if member.flag_bits & 1 else _bad_name(member.orig_filename)


def _bad_name(name: str) -> Reason | None:
    parts = name.replace("\\", "/").split("/")
    absolute = parts[0] == "" or parts[0].endswith(":")
    long = len(name) > _NAME_CHARACTERS or any(len(p.encode("utf-8", "replace")) > _PART_BYTES for p in parts)
    return "bad_name" if absolute or long or ".." in parts or "\0" in name else None


def _hidden(name: str) -> bool:
    """Whether a part of the name starts with a dot, as in folders; `..` is not hidden but refused."""
    parts = name.replace("\\", "/").split("/")
    return ".." not in parts and any(part.startswith(".") and part != "." for part in parts)


class _Forward(io.RawIOBase):
    """What tarfile needs of a file over a stream: reads of bounded size, and seeks ahead."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._at = 0
        self._last = b""

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _TAR_READ:
            raise UnfitError("corrupt", "a header of the archive is too large")
        data = self._stream.read(size)
        self._at += len(data)
        if size == _BLOCK:
            self._last = data
        return data

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence != io.SEEK_SET or offset < self._at:
            raise UnfitError("corrupt", "the archive points back into itself")
        while self._at < offset and (data := self._stream.read(min(_TAR_READ, offset - self._at))):
            self._at += len(data)
        return self._at

    def ended_well(self) -> bool:
        """Whether the last header read was the block of zeros that ends an archive."""
        return self._last == bytes(_BLOCK)


class _Capped(io.RawIOBase):
    """A seekable file that refuses to be read in very large pieces."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(_ZIP_READ + 1 if size < 0 else min(size, _ZIP_READ + 1))
        if len(data) > _ZIP_READ:
            raise UnfitError("archive_limit", "the directory of the archive is too large")
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._stream.seek(offset, whence)

    def tell(self) -> int:
        return self._stream.tell()

    def seekable(self) -> bool:
        return True
