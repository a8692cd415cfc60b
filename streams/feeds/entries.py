"""Entries into documents: which entry is which, and what of it is an article."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas import RawDocument, Source
from streams.feeds.answers import Fetched
from streams.feeds.parse import ParsedEntry

__all__ = ["Body", "Identified", "content_of", "identify", "to_document"]


@dataclass(frozen=True, slots=True)
class Identified:
    """An entry and its names, all within its source.

    `natural_id` is the first rung of the ladder that holds; `aliases` are the other ways it can be recognised by
    (`url:...`, `text:...`): when one is known from an earlier poll under another natural id, that one stands.
    `version` is a hash of all that the entry says: equal for what did not change.
    """

    entry: ParsedEntry
    natural_id: str
    aliases: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Body:
    """The article itself: HTML of the feed, or a page as it was fetched."""

    content: bytes
    media_type: str
    charset: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None

    @classmethod
    def of_page(cls, page: Fetched, fetched_at: datetime) -> "Body":
        """The page that the entry links to."""
        return cls(page.body, page.media_type or "text/html", page.charset, page.url, fetched_at)


def identify(entries: Sequence[ParsedEntry]) -> tuple[Identified, ...]:
    """Names of the entries of one feed, in order; an entry that repeats another one's names is left out."""
    raise NotImplementedError


def content_of(entry: ParsedEntry) -> Body | None:
    """The article when the feed has it whole, else None: its page is to be fetched."""
    raise NotImplementedError


def to_document(source: Source, found: Identified, body: Body, *, first_seen_at: datetime) -> RawDocument:
    """The raw document of an entry: same source and natural id, same document id, whatever its content."""
    raise NotImplementedError
