"""A web page to a reading: trafilatura for the article's text, title and authors, the page's own word for the rest.

The parser bounds nesting (255 levels, what lies deeper is lost); size, tags and attributes
are bounded here, because some of what follows takes more than linear time.
"""

import re
from datetime import date
from typing import Any

from streams.text.bylines import authors_of
from streams.text.dates import DatePrecision, StatedDate, parse_date
from streams.text.html_blocks import visible_lines
from streams.text.html_meta import PageMeta, read_meta
from streams.text.reading import Cut, Found, Reading, TooLargeError, UnreadableError
from streams.text.titles import comparable
from streams.text.wrapping import clean_characters, paragraph_lines

__all__ = ["MAX_CHARS", "read_html"]

MAX_CHARS = 4_000_000
"""Longest page that is read. Of 1,959 real pages the largest has 2.2 million characters."""

# The most of these in a real page: 19,629 and 4,711. The parser's time grows with the square of the second.
_MAX_TAGS = 40_000
_MAX_ATTRIBUTES = 20_000
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{20000,}")

# Dates guessed from running text are mostly wrong before the web.
_EARLIEST = "1995-01-01"

# A page's navigation can be longer than its article; enough of it to check by.
_CUT_CHARS = 8000

_PROLOGUE = 10_000
_START = re.compile(r"<html\b", re.IGNORECASE)
_LINE_MAX = 500
_SUMMARY_MAX = 2000
_BLANK_PAGE = Reading((), "trafilatura")


def read_html(text: str, *, latest: date) -> Reading:
    """Read a page; a date guessed from its text is not after `latest`.

    The reading's cuts are the page's other visible lines, as far as 8,000 characters go.
    Raises TooLargeError, and UnreadableError when the markup defeats the extractor.
    """
    _check_size(text)
    try:
        return _read(text, latest)
    except MemoryError:
        raise
    except Exception as error:
        raise UnreadableError(f"{type(error).__name__}: {error}"[:200]) from error


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"page of {len(text)} characters")
    tags = text.count("<")
    if tags > _MAX_TAGS:
        raise TooLargeError(f"page of {tags} tags")
    if any(max(tag.count("="), len(tag.split())) > _MAX_ATTRIBUTES for tag in _LONG_TAG.findall(text)):
        raise TooLargeError(f"element of more than {_MAX_ATTRIBUTES} attributes")


def _read(text: str, latest: date) -> Reading:
    from trafilatura import bare_extraction  # noqa: PLC0415 - loads 60 modules, and most documents are plain text
    from trafilatura.utils import load_html  # noqa: PLC0415

    # What does not begin as a page is none to the library: fragments, as feeds carry them, and pages after a comment.
    start = _START.search(text, 0, _PROLOGUE)
    tree = load_html(text[start.start() :] if start else f"<html>{text}")
    if tree is None:
        return _BLANK_PAGE
    meta = read_meta(tree)
    dates = {
        "original_date": True,
        # The slow half of the search is for pages that do not state their date.
        "extensive_search": meta.published is None,
        "min_date": _EARLIEST,
        # Without it the library would ask the clock.
        "max_date": latest.isoformat(),
    }
    found = bare_extraction(
        tree,
        include_comments=False,
        include_tables=True,
        include_formatting=False,
        with_metadata=True,
        date_extraction_params=dates,
    )
    return _reading(found, meta, tree) if found is not None else _BLANK_PAGE


def _reading(found: Any, meta: PageMeta, tree: Any) -> Reading:
    title, byline, outlet = _line(found.title), _line(found.author), _line(meta.outlet)
    published = meta.published or _guessed_date(found.date)
    paragraphs = tuple(paragraph_lines(clean_characters(found.text or "")))
    if title and paragraphs and comparable(paragraphs[0]) == comparable(title):
        paragraphs = paragraphs[1:]
    return Reading(
        paragraphs,
        "trafilatura",
        title=Found(title, "trafilatura", 0.85) if title else None,
        summary=_line(meta.summary, _SUMMARY_MAX),
        published=published,
        modified=meta.modified,
        byline=Found(byline, "trafilatura", 0.8) if byline else None,
        authors=authors_of(byline) if byline else (),
        urls=meta.urls,
        outlet=Found(outlet, "site-name", 0.9) if outlet else None,
        section=_line(meta.section),
        keywords=tuple(keyword for found_word in meta.keywords if (keyword := _line(found_word))),
        language=meta.language,
        cuts=_cuts(tree, paragraphs, title),
    )


def _guessed_date(found: str | None) -> Found[StatedDate] | None:
    """What htmldate found, less what it filled in: it writes the first day where it saw a month or a year only."""
    stated = parse_date(found) if found else None
    if stated is None or (stated.value.month == stated.value.day == 1):
        return None
    precision: DatePrecision = "month" if stated.value.day == 1 else "day"
    return Found(StatedDate(stated.value, precision), "htmldate", 0.85)


def _cuts(tree: Any, paragraphs: tuple[str, ...], title: str | None) -> tuple[Cut, ...]:
    body = "\n".join(paragraphs)
    cuts: dict[str, Cut] = {}
    room = _CUT_CHARS
    for line in visible_lines(tree):
        room -= len(line)
        if room < 0:
            break
        if line in body or line == title:
            room += len(line)
        else:
            cuts.setdefault(line, Cut(line, "boilerplate"))
    return tuple(cuts.values())


def _line(text: str | None, limit: int = _LINE_MAX) -> str | None:
    """`text` on one line, no longer than `limit`; None when nothing is left."""
    return " ".join(clean_characters((text or "")[: 4 * limit]).split())[:limit].strip() or None
