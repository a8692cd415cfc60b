"""Feed bytes into entries: RSS, RDF, Atom and JSON Feed. Pure; what strangers serve goes through `feeds.parsing`."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["MAX_ENTRIES", "FeedFormat", "ParseFailed", "ParseReason", "ParsedEntry", "ParsedFeed", "parse_feed"]

MAX_ENTRIES = 2000
"""Most entries taken of one feed, from its beginning."""

FeedFormat = Literal["rss", "rdf", "atom", "json"]

ParseReason = Literal[
    "not_a_feed",  # HTML, another XML, or no text at all
    "malformed",  # a feed, but too broken, too deep or of no known charset
    "deadline",  # killed
    "memory",  # its process died
]


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry as the feed has it: texts are trimmed, URLs absolute, dates verbatim; None for what is not there.

    `summary_html` and `content_html` are HTML as it came, neither sanitized nor complete.
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

    `ttl_s` is the longest interval the feed asks for: of `ttl` and `sy:updatePeriod`/`sy:updateFrequency`, seconds.
    `skip_hours` are hours (0 to 23, UTC) and `skip_days` days (0 for Monday) in which it does not change.
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


def parse_feed(body: bytes, media_type: str, charset: str | None, url: str) -> ParsedFeed | ParseFailed:
    """The feed in `body`, fetched from `url` with these headers; never raises for what is in it.

    A feed without entries is no failure.
    """
    raise NotImplementedError
