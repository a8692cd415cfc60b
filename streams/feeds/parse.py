"""Feed bytes into entries: RSS, RDF, Atom and JSON Feed. Pure; what strangers serve goes through `feeds.parsing`.

The fast parser reads well-formed feeds. What it fails on, what it finds no entry in (RSS 0.90 in RDF, silently), and
what is not well-formed (it would lose text) goes to the tolerant one, which takes forty times as long.
"""

import io
from collections.abc import Mapping
from html import escape
from typing import Any, cast

import fastfeedparser.main as fast
import feedparser

from streams.feeds.channel import read_channel
from streams.feeds.json_feed import parse_json
from streams.feeds.parsed import (
    MAX_ENTRIES,
    FeedFormat,
    ParsedEntry,
    ParsedFeed,
    ParseFailed,
    ParseReason,
)
from streams.feeds.prolog import MAX_DEPTH, Rooted, is_well_formed, mended, rooted, too_deep
from streams.feeds.values import absolute, author_name, categories, markup, plain, tag, verbatim

__all__ = ["MAX_ENTRIES", "FeedFormat", "ParseFailed", "ParseReason", "ParsedEntry", "ParsedFeed", "parse_feed"]

_FORMATS: Mapping[str, FeedFormat] = {"rss": "rss", "rdf": "rdf", "feed": "atom"}
_JSON = frozenset({"application/feed+json", "application/json"})
_Raw = Mapping[str, Any]


def _as_stated(date: str) -> str:
    return date


# It would read dates with the year of today where they name none, and as UTC where they name no zone.
# What a date means is the normalizer's to say.
fast._parse_date = _as_stated  # noqa: SLF001 - pinned, and tested


def parse_feed(body: bytes, media_type: str, charset: str | None, url: str) -> ParsedFeed | ParseFailed:
    """The feed in `body`, fetched from `url` with these headers; raises for nothing but want of memory.

    A feed without entries is no failure.
    """
    if body[:64].removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return parse_json(body, url)
    document = rooted(body, charset)
    if document is None or document.name not in _FORMATS:
        return ParseFailed("not_a_feed", f"root element {document.name!r}" if document else f"no XML; {media_type!r}")
    raw = _read(document, url)
    return raw if isinstance(raw, ParseFailed) else _feed(document, raw, url)


def _read(document: Rooted, url: str) -> _Raw | ParseFailed:
    xml = document.xml
    sound = is_well_formed(xml)
    # Of RDF the fast parser knows neither `content:encoded` nor dates.
    quick = _fast(xml) if sound and document.name != "rdf" else None
    if quick is not None and quick["entries"]:
        return quick
    xml = xml if sound else mended(xml)
    if too_deep(xml):
        return ParseFailed("malformed", f"more than {MAX_DEPTH} elements inside each other")
    raw = _tolerant(xml, url) or (None if sound else _fast(xml))
    return raw if raw is not None else ParseFailed("malformed", "no parser can read it")


def _fast(xml: bytes) -> _Raw | None:
    try:
        return cast("_Raw", fast.parse(xml, include_media=False, include_enclosures=False))
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the tolerant parser has its turn
        return None


def _tolerant(xml: bytes, url: str) -> _Raw | None:
    try:
        found = feedparser.parse(
            io.BytesIO(xml),  # a text it would open as a file or URL
            sanitize_html=False,
            resolve_relative_uris=False,
            response_headers={"content-location": url, "content-type": "application/xml; charset=utf-8"},
        )
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - it raises what it happens to meet
        return None
    # Plain ones: its own give one field for another that is missing.
    return {"feed": dict(found["feed"]), "entries": [_plain(entry) for entry in found["entries"][:MAX_ENTRIES]]}


def _plain(entry: _Raw) -> _Raw:
    """An entry of the tolerant parser, which takes the content for a summary where there is none, without that."""
    found = dict(entry)
    if any(part.get("value") == found.get("summary") for part in found.get("content") or ()):
        found.pop("summary", None)
    return found


def _feed(document: Rooted, raw: _Raw, url: str) -> ParsedFeed:
    about, channel = raw["feed"], read_channel(document.xml)
    base = absolute((about.get("title_detail") or {}).get("base"), url) or url
    entries = (_entry(entry, base) for entry in raw["entries"][:MAX_ENTRIES])
    return ParsedFeed(
        title=plain(about.get("title")),
        link=absolute(about.get("link"), base),
        language=tag(channel.language) or tag(about.get("language")),
        ttl_s=channel.ttl_s,
        entries=tuple(entry for entry in entries if entry != ParsedEntry()),
        format=_FORMATS[document.name],
        skip_hours=channel.skip_hours,
        skip_days=channel.skip_days,
    )


def _entry(raw: _Raw, base: str) -> ParsedEntry:
    guid = verbatim(raw.get("id"), 8192)
    published, updated = verbatim(raw.get("published"), 128), verbatim(raw.get("updated"), 128)
    content: _Raw = next((part for part in raw.get("content") or () if part.get("value")), {})
    summary = markup(raw.get("summary") or raw.get("description"))
    body = _html(content)
    link = absolute(raw.get("link"), base)
    return ParsedEntry(
        # The fast parser makes an id of the link where there is none: so one that is the link says nothing.
        guid=None if guid in (link, raw.get("link")) else guid,
        link=link,
        title=plain(raw.get("title")),
        author=author_name(_author(raw)),
        # For want of a date the fast parser takes the id.
        published=(published if published != guid else None) or updated,
        updated=updated,
        summary_html=summary,
        content_html=body if body != summary else None,
        language=tag(content.get("language")),
        categories=categories(each.get("term") for each in raw.get("tags") or ()),
    )


def _author(raw: _Raw) -> object:
    """The first author; the tolerant parser has all in a list and the last one apart."""
    first: _Raw = next(iter(raw.get("authors") or ()), {})
    return first.get("name") or raw.get("author")


def _html(content: _Raw) -> str | None:
    text, kind = markup(content.get("value")), content.get("type")
    if text is None or kind not in {"text", "xhtml"}:
        return text
    if kind == "text":
        return "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n"))
    # The fast parser gives it with the `content` element around it.
    return markup(text[text.find(">") + 1 : text.rfind("</")])
