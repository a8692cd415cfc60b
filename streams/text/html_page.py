"""A web page to a reading: trafilatura for the article's text, title and authors, the page's own word for the rest.

The parser bounds nesting (255 levels, what lies deeper is lost); size and number of
elements are bounded here, because trafilatura needs minutes for some huge pages.
"""

import re
from datetime import date
from typing import Any

from streams.text.bylines import authors_of
from streams.text.dates import StatedDate, parse_date
from streams.text.html_meta import PageMeta, read_meta
from streams.text.reading import Found, Reading
from streams.text.wrapping import clean_characters, paragraph_lines

__all__ = ["MAX_CHARS", "TooLargeError", "read_html"]

MAX_CHARS = 6_000_000
"""Longest page that is read; the largest of 2,000 real news pages has 4 million characters."""

_MAX_TAGS = 60_000
_TAG = re.compile(r"<[A-Za-z]")
_EARLIEST = "1995-01-01"


class TooLargeError(ValueError):
    """The page is over a limit; the message says which."""


def read_html(text: str, *, latest: date) -> Reading:
    """Read a page; dates guessed from its text are not after `latest`. Raises TooLargeError."""
    _check_size(text)
    from trafilatura import bare_extraction  # noqa: PLC0415 - loads 60 modules, and most documents are plain text
    from trafilatura.utils import load_html  # noqa: PLC0415

    tree = load_html(text)
    if tree is None:
        return Reading((), "trafilatura")
    meta = read_meta(tree)
    found = bare_extraction(
        tree,
        include_comments=False,
        include_tables=True,
        include_formatting=False,
        with_metadata=True,
        date_extraction_params={
            "original_date": True,
            "extensive_search": True,
            "min_date": _EARLIEST,
            "max_date": latest.isoformat(),
        },
    )
    return _reading(found, meta)


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"page of {len(text)} characters")
    tags = sum(1 for _ in _TAG.finditer(text))
    if tags > _MAX_TAGS:
        raise TooLargeError(f"page of {tags} elements")


def _reading(found: Any, meta: PageMeta) -> Reading:
    body = found.text if found is not None else ""
    byline = _line(found.author) if found is not None else None
    title = _line(found.title) if found is not None else None
    guessed = parse_date(found.date) if found is not None and found.date else None
    return Reading(
        tuple(paragraph_lines(clean_characters(body or ""))),
        "trafilatura",
        title=Found(title, "trafilatura", 0.85) if title else None,
        summary=meta.summary,
        published=meta.published or _guess(guessed),
        modified=meta.modified,
        byline=Found(byline, "trafilatura", 0.8) if byline else None,
        authors=authors_of(byline) if byline else (),
        urls=meta.urls,
        outlet=Found(meta.outlet, "site-name", 0.9) if meta.outlet else None,
        section=meta.section,
        keywords=meta.keywords,
        language=meta.language,
    )


def _guess(date_found: StatedDate | None) -> Found[StatedDate] | None:
    return Found(date_found, "htmldate", 0.85) if date_found else None


def _line(text: str | None) -> str | None:
    return " ".join(clean_characters(text or "").split()) or None
