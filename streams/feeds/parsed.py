"""What a feed is once it is read, and how reading fails."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MAX_ENTRIES", "FeedFormat", "ParseFailed", "ParseReason", "ParsedEntry", "ParsedFeed"]

MAX_ENTRIES = 2000
"""Most entries taken of one feed, from its beginning."""

FeedFormat = Literal["rss", "rdf", "atom", "json"]

ParseReason = Literal[
    "not_a_feed",  # HTML, another XML, or no text at all
    "malformed",  # a feed, but too broken or too deep
    "deadline",  # killed
    "memory",  # its process died
]


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry as the feed has it; None for what is not there.

    `link` is absolute http(s); a `guid` that only repeats it is None. `title` and `author` are plain text.
    `published` and `updated` are verbatim, but for dates in full RFC 822 form, which may stand as the same instant in
    ISO 8601. `summary_html` and `content_html` are HTML as it came, neither sanitized nor whole documents.
    """

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    author: str | None = None
    published: str | None = None
    updated: str | None = None
    summary_html: str | None = None
    content_html: str | None = None
    language: str | None = None
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed and its entries, in its order, at most MAX_ENTRIES.

    `ttl_s` is the longest interval the feed asks for, seconds: of `ttl` and of `sy:updatePeriod` by
    `sy:updateFrequency`. `skip_hours` are hours (0 to 23, UTC) and `skip_days` days (0 for Monday) without news.
    """

    title: str | None
    link: str | None
    language: str | None
    ttl_s: int | None
    entries: tuple[ParsedEntry, ...]
    format: FeedFormat
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class ParseFailed:
    """No feed could be read; `detail` is for people."""

    reason: ParseReason
    detail: str = ""
