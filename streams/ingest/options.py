"""What a caller may ask of the file reader, and how it says no."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from streams.errors import InputError

__all__ = ["MIB", "ArchiveLimits", "IngestOptions", "Reason", "Refused", "UnfitError", "printable"]

MIB = 1024 * 1024

Reason = Literal[
    "not_found",
    "unreadable",
    "symlink",
    "not_regular",  # a pipe, device, socket, or their like in an archive
    "bad_name",  # absolute, `..`, NUL, over-long
    "empty",
    "too_large",
    "encrypted",
    "nested_archive",
    "archive_limit",  # too many members, too much once unpacked
    "corrupt",
    "bad_json",
    "bad_record",  # JSON, but no article
]


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """How much one archive or compressed file may unpack to.

    `ratio` is unpacked to packed bytes and counts above `ratio_from` unpacked bytes;
    DEFLATE ends at 1032:1, news text is at 3:1 to 10:1.
    """

    members: int = 100_000
    unpacked_bytes: int = 16 * 1024 * MIB
    ratio: int = 100
    ratio_from: int = MIB


@dataclass(frozen=True, slots=True)
class IngestOptions:
    """How to turn files into documents.

    `now` stamps what has no time of its own (stdin). `first_seen` overrides every
    other time: an instant, or `mtime` for that of the containing file. `source` is for
    records that name none; `media_type` overrides what extension and content suggest.
    A file is identified by its content; with `named_in`, by its name within that place, so
    that it stays the same document when its content changes.
    """

    now: datetime
    source: str | None = None
    media_type: str | None = None
    named_in: str | None = None
    first_seen: datetime | Literal["mtime"] | None = None
    max_document_bytes: int = 5 * MIB
    limits: ArchiveLimits = field(default_factory=ArchiveLimits)


def printable(text: str) -> str:
    """`text` without anything that could steer a terminal or break UTF-8."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file, archive member or record that was not taken; the rest went on.

    `path` is printable: `folder/file.jsonl:12`, `archive.zip!member`.
    """

    path: str
    reason: Reason
    detail: str = ""


class UnfitError(InputError):
    """Raised where something is found unfit; becomes a `Refused` where its path is known."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason: Reason = reason
        self.detail = detail

    def refused(self, path: str) -> Refused:
        """The report of it."""
        return Refused(printable(path), self.reason, printable(self.detail))
