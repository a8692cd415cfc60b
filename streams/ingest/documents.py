"""Everything under some paths as raw documents, one at a time, in a fixed order."""

import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, BinaryIO, cast

import orjson

from schemas import Event, RawDocument
from streams.codec import MAX_RECORD_BYTES
from streams.ingest.archives import tar_members, zip_members
from streams.ingest.files import Input, inputs
from streams.ingest.inflate import PACKED, damage, inflated
from streams.ingest.options import MIB, IngestOptions, Refused, UnfitError, printable
from streams.ingest.records import file_document, raw_document

__all__ = ["documents", "documents_in", "entries"]

RecordMapper = Callable[[Mapping[str, Any], datetime, IngestOptions], Event]

# JSON may need twice the bytes of the text it holds; a line beyond that is skipped unread.
_LINE_BYTES = 2 * MAX_RECORD_BYTES
_JSON_BYTES = 64 * MIB
_PEEK = 4096
_PIECE = 256 * 1024
_MAGIC = {b"\x1f\x8b": ".gz", b"\xfd7zXZ\0": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
_TAR = (".tar", ".tgz", ".txz")
_LINES = (".jsonl", ".ndjson")
_DAMAGE = (tarfile.TarError, zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)


def documents(paths: Iterable[str], *, options: IngestOptions) -> Iterator[RawDocument | Refused]:
    """Raw documents under `paths`: files, folders, globs, archives, JSON Lines, `-` for stdin.

    One bad file or record is a `Refused` and the rest goes on. Memory stays bounded by
    the largest document, whatever the archives hold.
    """
    return cast("Iterator[RawDocument | Refused]", entries(paths, options=options))


def documents_in(found: Input, *, options: IngestOptions) -> Iterator[RawDocument | Refused]:
    """As `documents`, of one input that is open already."""
    return cast("Iterator[RawDocument | Refused]", _Reader(options, raw_document).take(found))


def entries(
    paths: Iterable[str], *, options: IngestOptions, record: RecordMapper = raw_document
) -> Iterator[Event | Refused]:
    """As `documents`, with JSON records mapped by `record`, which may raise UnfitError."""
    for found in inputs(paths, now=options.now):
        if isinstance(found, Refused):
            yield found
        else:
            yield from _Reader(options, record).take(found)


class _Reader:
    """Reads one input; `inside` an archive no further archive is opened."""

    def __init__(self, options: IngestOptions, record: RecordMapper, *, inside: bool = False) -> None:
        self.options = options
        self.record = record
        self.inside = inside

    def take(self, found: Input) -> Iterator[Event | Refused]:
        """Documents of `found`, and what of it is refused."""
        try:
            yield from self._opened(found)
        except UnfitError as error:
            if self.inside and error.reason == "archive_limit":
                raise  # of the whole archive, not of this member
            yield error.refused(found.label)
        except Exception as error:
            if not isinstance(error, (*_DAMAGE, *damage())):
                raise
            yield Refused(printable(found.label), "corrupt", printable(f"{type(error).__name__}: {error}"[:300]))

    def _opened(self, found: Input) -> Iterator[Event | Refused]:
        name = found.name.lower()
        packed = _packing(found, name)
        if self.inside and (packed or name.endswith((*_TAR, ".zip"))):
            raise UnfitError("nested_archive")
        if packed is not None:
            stream = inflated(found.stream, packed, self.options.limits)
            inner = found.name.removesuffix(found.name[-len(packed) :]) if name.endswith(packed) else found.name
            found = replace(found, stream=stream, name=inner, seekable=False)
        yield from self._by_kind(found, name.removesuffix(packed or ""))

    def _by_kind(self, found: Input, name: str) -> Iterator[Event | Refused]:
        if name.endswith(_TAR):
            yield from self._members(tar_members(found, found.stream, self.options.limits))
        elif name.endswith(".zip"):
            if not found.seekable:
                raise UnfitError("nested_archive", "a zip must be a plain file")
            yield from self._members(zip_members(found, self.options.limits))
        elif name.endswith(_LINES) or (not name and self.options.media_type is None and _is_lines(found.stream)):
            yield from self._lines(found)
        elif name.endswith(".json"):
            yield from self._json(found)
        else:
            data = _head(found.stream, self.options.max_document_bytes + 1)
            yield file_document(found.name, data, found.seen_at, self.options)

    def _members(self, members: Iterator[Input | Refused]) -> Iterator[Event | Refused]:
        inner = _Reader(self.options, self.record, inside=True)
        for member in members:
            if isinstance(member, Refused):
                yield member
            else:
                yield from inner.take(member)

    def _lines(self, found: Input) -> Iterator[Event | Refused]:
        for number, line in enumerate(_bounded_lines(found.stream), 1):
            label = f"{found.label}:{number}"
            if line is None:
                yield Refused(printable(label), "too_large", f"a line of more than {_LINE_BYTES} bytes")
            elif line.strip():
                yield self._one(label, line, found.seen_at)

    def _json(self, found: Input) -> Iterator[Event | Refused]:
        data = _head(found.stream, _JSON_BYTES + 1)
        if len(data) > _JSON_BYTES:
            raise UnfitError("too_large", f"more than {_JSON_BYTES} bytes; write JSON Lines")
        value = _parsed(data.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(value, list):
            yield self._mapped(found.label, value, found.seen_at)
            return
        for number, item in enumerate(value, 1):
            yield self._mapped(f"{found.label}:{number}", item, found.seen_at)

    def _one(self, label: str, line: bytes, seen_at: datetime) -> Event | Refused:
        try:
            return self._mapped(label, _parsed(line), seen_at)
        except UnfitError as error:
            return error.refused(label)

    def _mapped(self, label: str, value: Any, seen_at: datetime) -> Event | Refused:
        try:
            if not isinstance(value, dict):
                raise UnfitError("bad_record", "not an object")  # noqa: TRY301 - same report as the mapper's
            return self.record(value, seen_at, self.options)
        except UnfitError as error:
            return error.refused(label)


def _packing(found: Input, name: str) -> str | None:
    if name:
        suffix = next((suffix for suffix in PACKED if name.endswith(suffix)), None)
        return {".tgz": ".gz", ".txz": ".xz"}.get(name[-4:], suffix)
    head = _peek(found.stream)
    return next((suffix for magic, suffix in _MAGIC.items() if head.startswith(magic)), None)


def _head(stream: BinaryIO, size: int) -> bytes:
    """The first `size` bytes, in pieces: an archive takes one large read for a damaged header."""
    pieces = []
    while size > 0 and (piece := stream.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _peek(stream: BinaryIO) -> bytes:
    return cast("Any", stream).peek(_PEEK)[:_PEEK]  # type: ignore[no-any-return]


def _is_lines(stream: BinaryIO) -> bool:
    return _peek(stream).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def _parsed(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise UnfitError("bad_json", str(error)) from error


def _bounded_lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines of a stream; None for one that is too long."""
    first = True
    while line := stream.readline(_LINE_BYTES + 1):
        whole = line.endswith(b"\n") or len(line) <= _LINE_BYTES
        rest = line
        while not whole and rest and not rest.endswith(b"\n"):
            rest = stream.readline(_LINE_BYTES)
        yield (line.removeprefix(b"\xef\xbb\xbf") if first else line) if whole else None
        first = False
