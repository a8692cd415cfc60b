"""The text of an entry: what the feed has of it, or its page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from schemas import SourceConfig
from streams.feeds.answers import Failed, Fetched, Limits
from streams.feeds.entries import Body, content_of
from streams.feeds.fetch import PAGES, Fetcher
from streams.feeds.parse import ParsedEntry
from streams.feeds.robots import Robots
from streams.feeds.seen import Candidate

__all__ = ["Missing", "Pages"]

TRIES: Final = 3
"""Polls in which a page may fail before the feed's own words have to do."""

_PASSING = frozenset({"dns", "connect", "timeout", "broken_response", "throttled", "unavailable", "robots", "tls"})
_TEXTS = ("text/html", "application/xhtml+xml", "text/plain", "")
_HTML = "text/html"


@dataclass(frozen=True, slots=True)
class Missing:
    """No text: `later` when its page may be had another time, else there is none."""

    why: Literal["later", "none"]
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Pages:
    """Finds the text of entries; pages are asked for as robots.txt allows."""

    fetcher: Fetcher
    robots: Robots
    limits: Limits
    now: Callable[[], datetime]

    async def body(self, candidate: Candidate, config: SourceConfig) -> Body | Missing:
        """The text of an entry, by the source's `full_text`; a page that can't be had is replaced by the feed's words.

        `later` only while there are tries left: a page that is gone or forbidden is not tried again.
        """
        entry = candidate.found.entry
        whole = content_of(entry)
        if config.full_text == "feed" or entry.link is None or (whole is not None and config.full_text == "auto"):
            return whole or _words(entry)
        page = await self._page(entry.link)
        if isinstance(page, Body):
            return page
        if page.why == "later" and candidate.tries + 1 < TRIES:
            return page
        return whole or _words(entry)

    async def _page(self, url: str) -> Body | Missing:
        allowed = await self.robots.allows(url)
        if isinstance(allowed, Failed):
            return _missing(allowed)
        if not allowed:
            return Missing("none", "robots.txt forbids the page")
        answer = await self.fetcher.get(url, limits=self.limits, accept=PAGES)
        if isinstance(answer, Failed):
            return _missing(answer)
        if not isinstance(answer, Fetched):
            return Missing("none", "304 to a plain request")
        if answer.media_type not in _TEXTS:
            return Missing("none", f"the page is {answer.media_type}")
        return Body.of_page(answer, self.now())


def _missing(answer: Failed) -> Missing:
    return Missing("later" if answer.reason in _PASSING else "none", f"{answer.reason}: {answer.detail}")


def _words(entry: ParsedEntry) -> Body | Missing:
    """What little the feed says of an entry."""
    text = entry.content_html or entry.summary_html
    return Body(text.encode("utf-8", "replace"), _HTML, "utf-8") if text else Missing("none", "no text in the feed")
