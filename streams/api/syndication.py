"""Feeds out: RSS 2.0 and JSON Feed 1.1 as text. Pure; what goes in has been asked of the read model."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, register_namespace, tostring

import orjson

from streams.api.pages.wording import counted, web_link
from streams.readmodel.results import ArticleBrief, StoryBrief
from streams.text.opening import opening

__all__ = ["JSON_FEED", "RSS", "Channel", "Entry", "article_entry", "json_feed", "newest", "rss", "story_entry"]

RSS, JSON_FEED = "application/rss+xml", "application/feed+json"

_ATOM = "http://www.w3.org/2005/Atom"
_DC = "http://purl.org/dc/elements/1.1/"
register_namespace("atom", _ATOM)
register_namespace("dc", _DC)

# What XML 1.0 cannot hold, escaped or not.
_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_UNTITLED = "Without a title"
_TTL_MIN = "5"


@dataclass(frozen=True, slots=True)
class Channel:
    """A feed: its page for people, its own address, and what it is about. Addresses are absolute."""

    title: str
    description: str
    page: str
    here: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One item. `id` is a URN that never changes, `page` an absolute address, `original` where it was published."""

    id: str
    title: str
    summary: str
    page: str
    published_at: datetime
    modified_at: datetime
    language: str | None = None
    author: str | None = None
    original: str | None = None
    tags: tuple[str, ...] = ()


def story_entry(story: StoryBrief, summary: str, base: str) -> Entry:
    """A story, as it stands: its id stays while it grows."""
    size = f"{counted(story.article_count, 'article')} from {counted(story.source_count, 'source')}."
    return Entry(
        id=f"urn:newsloom:story:{story.story_id}",
        title=story.title or opening(summary) or _UNTITLED,
        summary=f"{summary} {size}".strip(),
        page=f"{base}/stories/{story.story_id}",
        published_at=story.first_seen_at,
        modified_at=story.last_seen_at,
        language=_tag(story.language),
        tags=tuple(entity.name for entity in story.entities[:10]),
    )


def article_entry(article: ArticleBrief, base: str) -> Entry:
    """An article."""
    return Entry(
        id=f"urn:newsloom:article:{article.article_id}",
        title=article.title or opening(article.summary) or _UNTITLED,
        summary=article.summary,
        page=f"{base}/articles/{article.article_id}",
        published_at=article.published_at or article.first_seen_at,
        modified_at=article.first_seen_at,
        language=_tag(article.language),
        author=article.outlet or article.source_name or article.source_id,
        original=web_link(article.url),
    )


def _tag(language: str) -> str | None:
    return None if language == "und" else language


def newest(entries: Sequence[Entry]) -> datetime | None:
    """When the last of them changed."""
    return max((entry.modified_at for entry in entries), default=None)


def rss(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """The feed in RSS 2.0, UTF-8; what XML cannot hold is replaced."""
    root = Element("rss", version="2.0")
    top = SubElement(root, "channel")
    for name, text in (("title", channel.title), ("link", channel.page), ("description", channel.description)):
        _add(top, name, text)
    SubElement(top, f"{{{_ATOM}}}link", href=channel.here, rel="self", type=RSS)
    if (changed := newest(entries)) is not None:
        _add(top, "lastBuildDate", _rfc822(changed))
    _add(top, "ttl", _TTL_MIN)
    for entry in entries:
        _item(SubElement(top, "item"), entry)
    made: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return made


def _item(item: Element, entry: Entry) -> None:
    _add(item, "title", entry.title)
    _add(item, "link", entry.page)
    _add(item, "description", entry.summary)
    _add(item, "guid", entry.id).set("isPermaLink", "false")
    _add(item, "pubDate", _rfc822(entry.modified_at))
    if entry.author:
        _add(item, f"{{{_DC}}}creator", entry.author)
    if entry.language:
        _add(item, f"{{{_DC}}}language", entry.language)
    if entry.original:
        SubElement(item, f"{{{_ATOM}}}link", href=_fit(entry.original), rel="via")
    for tag in entry.tags:
        _add(item, "category", tag)


def _add(parent: Element, name: str, text: str) -> Element:
    found = SubElement(parent, name)
    found.text = _fit(text)
    return found


def _fit(text: str) -> str:
    return _UNFIT.sub("\ufffd", text)


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def json_feed(channel: Channel, entries: Sequence[Entry]) -> bytes:
    """The feed in JSON Feed 1.1."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": channel.title,
        "description": channel.description,
        "home_page_url": channel.page,
        "feed_url": channel.here,
        "items": [_json_item(entry) for entry in entries],
    }
    return orjson.dumps(feed)


def _json_item(entry: Entry) -> dict[str, Any]:
    item: dict[str, Any] = {
        "id": entry.id,
        "url": entry.page,
        "title": entry.title,
        "content_text": entry.summary or entry.title,
        "date_published": entry.published_at.isoformat(),
        "date_modified": entry.modified_at.isoformat(),
    }
    more = {
        "external_url": entry.original,
        "language": entry.language,
        "authors": [{"name": entry.author}] if entry.author else None,
        "tags": list(entry.tags) or None,
    }
    return item | {name: value for name, value in more.items() if value is not None}
