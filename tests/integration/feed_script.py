"""A day of sixty feeds, as data: what is published and edited when, and which feed is in trouble from when to when.

Times are seconds since the day began. A text names its entry and version (`mark`), so that a test can count them.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime
from html import escape
from typing import Any, Literal

import orjson

from tests.integration.feed_pace import START

__all__ = ["ENTRIES", "FEEDS", "HOSTS", "HOUR", "Entry", "Feed", "Trouble", "day", "rendered", "text_of"]

HOUR = 3600
FEEDS, HOSTS, ENTRIES = 60, 8, 25

# An edit stands for longer than any wait between two polls, a kill in each of them included.
_FIRST_LAST_S = 6 * HOUR
_EDIT_AFTER_S = 20 * HOUR

Format = Literal["rss", "atom", "json", "rdf"]
Kind = Literal["throttled_seconds", "throttled_date", "moved", "gone", "broken", "unavailable", "slow", "html"]

_CONTENT = "http://purl.org/rss/1.0/modules/content/"
_WORDS = (
    *("harbour", "council", "ferry", "winter", "bridge", "market", "school", "river", "mayor", "engineer", "storm"),
    *("museum", "tide", "island", "forest", "railway", "theatre", "orchard", "glacier", "ministry", "festival"),
    *("lantern", "quarry", "meadow", "archive", "signal", "turbine", "vineyard"),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; its text from `published` on, and from `edited` on another one."""

    number: int
    published: float
    edited: float | None

    def version(self, now: float) -> int:
        """0 before it is published, then 1, then 2."""
        return (now >= self.published) + (self.edited is not None and now >= self.edited)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a feed from `begin` to `end`."""

    kind: Kind
    begin: float
    end: float = 1e9


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed of the day; with `pages` its texts are on pages only."""

    number: int
    format: Format
    entries: tuple[Entry, ...]
    pages: bool = False
    validators: Literal["etag", "last_modified", "none"] = "etag"
    trouble: Trouble | None = None

    @property
    def id(self) -> str:
        """Its source id."""
        return f"feed-{self.number:02}"

    @property
    def host(self) -> int:
        """Which of the hosts serves it."""
        return self.number % HOSTS

    def mark(self, entry: Entry, version: int) -> str:
        """What the text of a version has and no other text."""
        return f"mark{self.number:02}x{entry.number:02}x{version}end"

    def marks(self) -> Iterator[str]:
        """Marks of all that is ever published."""
        for entry in self.entries:
            for version in (1, 2) if entry.edited is not None else (1,):
                yield self.mark(entry, version)

    def at(self, now: float) -> list[tuple[Entry, int]]:
        """Entries and versions that are published by then, the latest first."""
        found = [(entry, version) for entry in self.entries if (version := entry.version(now))]
        return sorted(found, key=lambda each: -each[0].published)


_TROUBLES: dict[int, Trouble] = {
    3: Trouble("throttled_seconds", 5 * HOUR, 9 * HOUR),
    12: Trouble("throttled_date", 6 * HOUR, 10 * HOUR),
    21: Trouble("moved", 2 * HOUR),
    30: Trouble("gone", 16 * HOUR),
    38: Trouble("broken", 3 * HOUR, 7 * HOUR),
    45: Trouble("unavailable", 3 * HOUR, 8 * HOUR),
    47: Trouble("slow", 0, 12 * HOUR),
    53: Trouble("html", 3 * HOUR, 7 * HOUR),
}


def day(seed: int = 5) -> tuple[Feed, ...]:
    """The sixty feeds of the day."""
    rng = random.Random(seed)
    return tuple(_feed(number, rng) for number in range(FEEDS))


def _feed(number: int, rng: random.Random) -> Feed:
    formats: tuple[Format, ...] = ("rss", "atom", "json", "rss", "rdf")
    trouble = _TROUBLES.get(number)
    gone = trouble is not None and trouble.kind == "gone"
    entries = []
    for each in range(ENTRIES):
        published = rng.uniform(-HOUR, HOUR if gone else _FIRST_LAST_S)
        edited = published + _EDIT_AFTER_S if rng.random() < 0.12 and trouble is None else None
        entries.append(Entry(each, published, edited))
    return Feed(
        number=number,
        format=formats[number % len(formats)],
        entries=tuple(entries),
        pages=number % 10 == 3,
        validators=("etag", "last_modified", "none")[number % 3 if number % 4 == 0 else 0],
        trouble=trouble,
    )


def text_of(feed: Feed, entry: Entry, version: int) -> str:
    """The article as HTML: the same for the same version, and different words for each entry."""
    rng = random.Random(f"{feed.number}/{entry.number}")
    sentences = (" ".join(rng.choices(_WORDS, k=12)).capitalize() + "." for _ in range(8))
    return f"<p>{' '.join(sentences)}</p><p>It says {feed.mark(entry, version)}.</p>"


def rendered(feed: Feed, base: str, now: float) -> tuple[str, str]:
    """The feed as of then, and its media type."""
    items = [_item(feed, entry, version, base) for entry, version in feed.at(now)]
    return {"rss": _rss, "atom": _atom, "json": _json, "rdf": _rdf}[feed.format](feed, items, base)


def _item(feed: Feed, entry: Entry, version: int, base: str) -> dict[str, Any]:
    stands_since = entry.published if version == 1 else entry.edited or 0
    return {
        "guid": f"{feed.id}-{entry.number}",
        "link": f"{base}/page/{feed.number}/{entry.number}",
        "title": f"Report {entry.number} of {feed.id}" + (" (corrected)" if version > 1 else ""),
        "html": f"In short, version {version}." if feed.pages else text_of(feed, entry, version),
        "published": START + timedelta(seconds=entry.published),
        "updated": START + timedelta(seconds=stands_since),
    }


def _rss(feed: Feed, items: list[dict[str, Any]], base: str) -> tuple[str, str]:
    words = "description" if feed.pages else "content:encoded"
    body = "".join(
        f"<item><title>{escape(each['title'])}</title><link>{each['link']}</link>"
        f'<guid isPermaLink="false">{each["guid"]}</guid><pubDate>{format_datetime(each["published"])}</pubDate>'
        f"<{words}>{escape(each['html'])}</{words}></item>"
        for each in items
    )
    head = f"<title>{feed.id}</title><link>{base}</link><description>x</description>"
    opened = f'<rss version="2.0" xmlns:content="{_CONTENT}">'
    return f'<?xml version="1.0"?>{opened}<channel>{head}{body}</channel></rss>', "application/rss+xml"


def _rdf(feed: Feed, items: list[dict[str, Any]], base: str) -> tuple[str, str]:
    body = "".join(
        f'<item rdf:about="{each["link"]}"><title>{escape(each["title"])}</title><link>{each["link"]}</link>'
        f"<content:encoded>{escape(each['html'])}</content:encoded></item>"
        for each in items
    )
    spaces = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"'
    spaces += f' xmlns:content="{_CONTENT}"'
    head = f'<channel rdf:about="{base}"><title>{feed.id}</title><link>{base}</link></channel>'
    return f'<?xml version="1.0"?><rdf:RDF {spaces}>{head}{body}</rdf:RDF>', "application/rdf+xml"


def _atom(feed: Feed, items: list[dict[str, Any]], base: str) -> tuple[str, str]:
    body = "".join(
        f'<entry><id>{each["guid"]}</id><title>{escape(each["title"])}</title><link href="{each["link"]}"/>'
        f"<published>{each['published'].isoformat()}</published><updated>{each['updated'].isoformat()}</updated>"
        f'<content type="html">{escape(each["html"])}</content></entry>'
        for each in items
    )
    head = f"<id>{base}/{feed.id}</id><title>{feed.id}</title><updated>{START.isoformat()}</updated>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{head}{body}</feed>', "application/atom+xml"


def _json(feed: Feed, items: list[dict[str, Any]], base: str) -> tuple[str, str]:
    found = [
        {
            "id": each["guid"],
            "url": each["link"],
            "title": each["title"],
            "content_html": each["html"],
            "date_published": each["published"].isoformat(),
            "date_modified": each["updated"].isoformat(),
        }
        for each in items
    ]
    feed_object = {"version": "https://jsonfeed.org/version/1.1", "title": feed.id, "home_page_url": base}
    return orjson.dumps(feed_object | {"items": found}).decode(), "application/feed+json"
