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
from streams.text.reading import Found, Reading, TooLargeError
from streams.text.wrapping import clean_characters, paragraph_lines

__all__ = ["MAX_CHARS", "read_html"]

MAX_CHARS = 4_000_000
"""Longest page that is read. Of 1,959 real pages the largest has 2.2 million characters."""

# The most of these in a real page: 19,629 and 4,711. The parser's time grows with the square of the second.
_MAX_TAGS = 40_000
_MAX_ATTRIBUTES = 20_000
_LONG_TAG = re.compile(r"<[A-Za-z][^<>]{20000,}")
_EARLIEST = "1995-01-01"


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
            "extensive_search": meta.published is None,
            "min_date": _EARLIEST,
            "max_date": latest.isoformat(),
        },
    )
    return _reading(found, meta)


def _check_size(text: str) -> None:
    if len(text) > MAX_CHARS:
        raise TooLargeError(f"page of {len(text)} characters")
    tags = text.count("<")
    if tags > _MAX_TAGS:
        raise TooLargeError(f"page of {tags} tags")
    if any(max(tag.count("="), len(tag.split())) > _MAX_ATTRIBUTES for tag in _LONG_TAG.findall(text)):
        raise TooLargeError(f"element of more than {_MAX_ATTRIBUTES} attributes")


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
