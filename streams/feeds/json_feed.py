"""JSON Feed 1.0 and 1.1, by https://www.jsonfeed.org/version/1.1/. Pure."""

from collections.abc import Mapping
from html import escape
from typing import Any

import orjson

from streams.feeds.parsed import MAX_ENTRIES, ParsedEntry, ParsedFeed, ParseFailed
from streams.feeds.values import absolute, plain, tag, verbatim

__all__ = ["parse_json"]


def parse_json(body: bytes, url: str) -> ParsedFeed | ParseFailed:
    """The feed in a JSON document; items that are no objects are left out."""
    try:
        value = orjson.loads(body.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        return ParseFailed("malformed", str(error)[:200])
    if not isinstance(value, dict) or not isinstance(value.get("items"), list):
        return ParseFailed("not_a_feed", "JSON, but no JSON Feed")
    items = [item for item in value["items"][:MAX_ENTRIES] if isinstance(item, dict)]
    return ParsedFeed(
        title=plain(_text(value, "title")),
        link=absolute(_text(value, "home_page_url"), url),
        language=tag(_text(value, "language")),
        ttl_s=None,
        entries=tuple(entry for entry in (_entry(item, url) for item in items) if entry != ParsedEntry()),
        format="json",
    )


def _entry(item: Mapping[str, Any], url: str) -> ParsedEntry:
    text = _text(item, "content_text")
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in (text or "").split("\n\n") if part.strip())
    summary = _text(item, "summary")
    tags = item.get("tags")
    guid, link = verbatim(_text(item, "id"), 8192), absolute(_text(item, "url") or _text(item, "external_url"), url)
    return ParsedEntry(
        guid=None if guid in (link, item.get("url")) else guid,
        link=link,
        title=plain(_text(item, "title")),
        author=plain(_author(item)),
        published=verbatim(_text(item, "date_published"), 128),
        updated=verbatim(_text(item, "date_modified"), 128),
        summary_html=escape(summary) if summary else None,
        content_html=_text(item, "content_html") or paragraphs or None,
        language=tag(_text(item, "language")),
        categories=tuple(plain(name) or "" for name in tags[:50] if isinstance(name, str))
        if isinstance(tags, list)
        else (),
    )


def _author(item: Mapping[str, Any]) -> str | None:
    authors = item.get("authors")
    people = [*(authors if isinstance(authors, list) else ()), item.get("author")]
    names = (_text(person, "name") for person in people if isinstance(person, dict))
    return next((name for name in names if name), None)


def _text(value: Mapping[str, Any], name: str) -> str | None:
    """A member as text; ids may be numbers."""
    found = value.get(name)
    if isinstance(found, str):
        return found.strip() or None
    return str(found) if isinstance(found, int | float) and not isinstance(found, bool) else None
