"""Entries into documents: which entry is which, and what of it is an article. Pure.

Feeds change the ids of their entries, give many entries one id, or none. So an entry is known by the first of these
that can be had, within its source: its guid; its URL; its title and date. The others are aliases.
"""

import base64
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from html import escape, unescape
from typing import Final
from urllib.parse import urlsplit

from schemas import ExternalId, RawDocument, Source
from streams.feeds.answers import Fetched
from streams.feeds.parse import ParsedEntry
from streams.ids import document_id
from streams.text.urls import canonical

__all__ = ["FULL_CHARS", "LONG_SUMMARY_CHARS", "Body", "Identified", "content_of", "identify", "to_document"]

FULL_CHARS: Final = 300
"""Least text, in characters, of what a feed calls content and we call an article."""

LONG_SUMMARY_CHARS: Final = 1500
"""A summary of so many characters is no summary."""

_HTML = "text/html"
_TELLING_CHARS = 120
_TAGS = re.compile(r"<[^<>]*>")
# How a text ends that goes on elsewhere, with the arrow or bracket after it.
_TEASER = re.compile(
    r"(?:\u2026|\.\.\.|(?:read|continue|view|see) (?:more|reading|the rest|full)\b[^.!?]{0,80}"
    r"|weiterlesen|lire la suite|leggi tutto|leer m[a\u00e1]s|seguir leyendo)[\s\]\u00bb\u2192>.]{0,10}$",
    re.IGNORECASE,
)
_TEASER_CHARS = 120
_HEAD_CHARS = 6000
_TAIL_CHARS = 1000
_FRONT = frozenset({"", "/"})


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
    """The text of an article: a page as it was fetched from `url`, or, without one, a piece of HTML out of the feed."""

    content: bytes = field(repr=False)
    media_type: str
    charset: str | None = None
    url: str | None = None
    fetched_at: datetime | None = None

    @classmethod
    def of_page(cls, page: Fetched, fetched_at: datetime) -> "Body":
        """The page that an entry links to."""
        return cls(page.body, page.media_type or _HTML, page.charset, page.url, fetched_at)


def identify(entries: Sequence[ParsedEntry]) -> tuple[Identified, ...]:
    """Names of the entries of one feed, in its order; one that repeats another's natural id is left out."""
    own = [(_guid(entry), _url(entry), _dated(entry)) for entry in entries]
    # An entry that merely stands twice shares its names with nobody.
    distinct = {(guid, url, None if guid else dated) for guid, url, dated in own}
    guids, urls = Counter(guid for guid, _, _ in distinct), Counter(url for _, url, _ in distinct)
    found: dict[str, Identified] = {}
    for entry, (guid, url, dated) in zip(entries, own, strict=True):
        text = _untagged(entry.content_html or entry.summary_html or "")
        by_date = f"{url} {dated}" if url else dated
        # What several entries have names none of them alone.
        by_guid = guid if guid is None or guids[guid] == 1 else f"{guid} {url or dated}"
        by_url = url if urls[url] == 1 else None
        name, *others = filter(None, (by_guid, by_url, None if by_guid or by_url else by_date, _words(entry, text)))
        found.setdefault(name, Identified(entry, name, tuple(others), _version(entry, text)))
    return tuple(found.values())


def _guid(entry: ParsedEntry) -> str | None:
    """The guid; of a URL path and query, since sites move between schemes and hosts.

    Its query stays, but for tracking: `?p=123` is all the difference that many have.
    """
    if not entry.guid:
        return None
    known = canonical(entry.guid)
    parts = urlsplit(known or "")
    if known is None or (parts.path in _FRONT and not parts.query):
        return f"guid:{entry.guid}"
    return "guid:" + parts.path + (f"?{parts.query}" if parts.query else "")


def _url(entry: ParsedEntry) -> str | None:
    """The canonical link without its scheme; None when there is none or it is a front page."""
    known = canonical(entry.link) if entry.link else None
    parts = urlsplit(known or "")
    if known is None or (parts.path in _FRONT and not parts.query):
        return None
    return "url:" + known.partition("://")[2]


def _dated(entry: ParsedEntry) -> str:
    stated = (entry.title, entry.published or entry.updated)
    return "entry:" + _digest(*stated, *(() if any(stated) else (entry.content_html, entry.summary_html)))


def _words(entry: ParsedEntry, text: str) -> str | None:
    """A name by title and words, when there are enough of them to be nobody else's."""
    return "text:" + _digest(entry.title, text) if len(text) >= _TELLING_CHARS else None


def _version(entry: ParsedEntry, text: str) -> str:
    stated = (entry.title, entry.author, entry.published, entry.link, entry.language)
    # Where the feed has the article, its words tell an edit; else only `updated` can, or another summary.
    return _digest(*stated, text, None if content_of(entry) else entry.updated)


def _untagged(html: str) -> str:
    """The words, without what differs from poll to poll: addresses of pixels and adverts."""
    return _TAGS.sub(" ", html)


def _digest(*parts: str | None) -> str:
    state = blake2b(digest_size=16)
    for part in parts:
        data = (part or "").encode("utf-8", "surrogatepass")
        state.update(len(data).to_bytes(8, "little") + data)
    return state.hexdigest()


def content_of(entry: ParsedEntry) -> Body | None:
    """The article when the feed has it whole, else None: its page is to be fetched.

    Whole is content of FULL_CHARS, or a summary of LONG_SUMMARY_CHARS, that does not end like a teaser; and whatever
    text there is of an entry without a link.
    """
    texts = ((entry.content_html, FULL_CHARS), (entry.summary_html, LONG_SUMMARY_CHARS))
    for html, least in texts:
        if html and (entry.link is None or _is_whole(html, least)):
            return Body(html.encode("utf-8", "replace"), _HTML, "utf-8")
    return None


def _is_whole(html: str, least: int) -> bool:
    # The ends tell, and a feed may have megabytes between them.
    if len(" ".join(_untagged(html[:_HEAD_CHARS]).split())) < least:
        return False
    tail = " ".join(unescape(_untagged(html[-_TAIL_CHARS:])).split())
    return _TEASER.search(tail, len(tail) - _TEASER_CHARS) is None


def to_document(source: Source, found: Identified, body: Body, *, first_seen_at: datetime) -> RawDocument:
    """The raw document of an entry: same source and natural id, same document id, whatever its content.

    HTML out of the feed becomes a small page with the entry's title; what the entry says of itself goes along as
    claims.
    """
    entry = found.entry
    data = body.content if body.url else _page(entry, body.content.decode("utf-8", "replace")).encode()
    text = _utf8(data)
    return RawDocument(
        document_id=document_id(source.id, found.natural_id),
        source=source,
        url=body.url or entry.link,
        media_type=body.media_type[:255],
        charset=body.charset if body.url else "utf-8",
        content=base64.b64encode(data).decode() if text is None else text,
        content_encoding="base64" if text is None else "text",
        first_seen_at=first_seen_at,
        fetched_at=body.fetched_at,
        external_ids=(ExternalId(scheme="guid", value=entry.guid[:2048]),) if entry.guid else (),
        title=entry.title[:4096] if entry.title else None,
        byline=entry.author[:4096] if entry.author else None,
        published_at=entry.published[:128] if entry.published else None,
        language=entry.language[:35] if entry.language else None,
    )


def _page(entry: ParsedEntry, html: str) -> str:
    title = escape(entry.title or "")
    return (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><article><h1>{title}</h1>{html}</article></body></html>"
    )


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None
