"""Weigh what a document says of itself against what its pusher claims.

Every candidate has a confidence; the surest wins, the claim when they are level.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from schemas import RawDocument
from streams.text.bylines import authors_of
from streams.text.dates import StatedDate, parse_date
from streams.text.reading import Found, Reading
from streams.text.titles import clean_title
from streams.text.urls import page_url, registrable_domain
from streams.text.wrapping import clean_characters

__all__ = ["Choice", "choose"]

T = TypeVar("T")

_BYLINE_MAX = 500
_LETTER = re.compile(r"[^\W\d_]")
_ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
_FINER = ("year", "month", "day", "minute", "second")


@dataclass(frozen=True, slots=True)
class Choice:
    """The values believed; None where there was no candidate."""

    title: Found[str] | None
    byline: Found[str] | None
    authors: tuple[str, ...]
    published: Found[StatedDate] | None
    outlet: Found[str] | None
    canonical_url: str | None

    @property
    def found(self) -> dict[str, Found[Any]]:
        """The values that have a method, by the article's field."""
        fields = {
            "title": self.title,
            "byline": self.byline,
            "published_at": self.published,
            "outlet": self.outlet,
        }
        return {name: value for name, value in fields.items() if value is not None}


def choose(raw: RawDocument, reading: Reading, *, latest: datetime) -> Choice:
    """Decide each field; a date after `latest` is believed of nobody."""
    outlet = reading.outlet or (Found(raw.source.name, "source", 0.8) if raw.source.name else None)
    canonical = page_url(raw.url, reading.urls, site=raw.source.domain)
    claimed_byline = _claim(raw.byline, 0.85)
    byline = _surest(claimed_byline, reading.byline)
    return Choice(
        title=_title(raw, reading, outlet, canonical),
        byline=byline,
        authors=reading.authors if byline is reading.byline else authors_of(byline.value) if byline else (),
        published=_published(raw, reading, latest),
        outlet=outlet,
        canonical_url=canonical,
    )


def _claim(text: str | None, confidence: float) -> Found[str] | None:
    line = " ".join(clean_characters(text or "").split())
    return Found(line[:_BYLINE_MAX], "claim", confidence) if _LETTER.search(line) else None


def _title(raw: RawDocument, reading: Reading, outlet: Found[str] | None, canonical: str | None) -> Found[str] | None:
    claim = _claim(raw.title, 0.9)
    if claim and _ADDRESS.match(claim.value):
        claim = None
    found = _surest(claim, reading.title)
    if found is None:
        return None
    site = registrable_domain(canonical) if canonical else None
    names = (outlet.value if outlet else None, raw.source.name, raw.source.domain, site)
    title = clean_title(found.value, outlets=tuple(name for name in names if name))
    return Found(title, found.method, found.confidence) if title else None


def _published(raw: RawDocument, reading: Reading, latest: datetime) -> Found[StatedDate] | None:
    claimed = parse_date(raw.published_at) if raw.published_at else None
    stated = [Found(claimed, "claim", 0.9) if claimed else None, reading.published]
    candidates = [found for found in stated if found and found.value.value <= latest]
    best = _surest(*candidates)
    if best is None:
        return None
    # Two that agree on the day: the one that says more of it.
    agreeing = [found for found in candidates if _day(found) == _day(best)]
    return max(agreeing, key=lambda found: _FINER.index(found.value.precision))


def _day(found: Found[StatedDate]) -> object:
    return found.value.value.date()


def _surest(*candidates: Found[T] | None) -> Found[T] | None:
    present: Sequence[Found[T]] = [found for found in candidates if found is not None]
    return max(present, key=lambda found: found.confidence, default=None)
