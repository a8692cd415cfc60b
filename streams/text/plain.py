"""Plain text with web residue to a reading: header block, head grammar, title, byline, line model, guards."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streams.text.bylines import StatedByline, authors_of, read_byline
from streams.text.dates import StatedDate, parse_date
from streams.text.heads import Head, Header, is_credit, read_head, read_header
from streams.text.line_model import KEEP_FROM, keep_probabilities
from streams.text.reading import Cut, Found, Reading, TooLargeError
from streams.text.titles import comparable
from streams.text.wrapping import clean_characters, paragraph_lines

__all__ = ["read_plain"]

Flags = NDArray[np.bool_]

# Every line costs the line model 20 microseconds, however short.
_MAX_LINES = 20_000

# Glued heads and bylines stand among the first lines, above the first paragraph.
_HEAD_LINES = 6
_TOP_LINES = 12

_TITLE_CHARS = (12, 200)
_TITLE_WORDS = (3, 35)
_PROSE_CHARS = 120
_SENTENCE_END = re.compile(r"[.!?。！？][\"'”’»)\]]{0,3}$")
_NO_TITLE = re.compile(
    r"\b(?:share|tweet|facebook|whatsapp|comments?|subscribe|sign in|log in|newsletter|cookies?|read more|follow us"
    r"|skip to|all rights reserved|copyright|min(?:ute)?s? read|published|updated|posted|getty|shutterstock|photo:"
    r"|image:|advertisement|home|menu)\b|https?://|©|»|›|\|",
    re.IGNORECASE,
)
_BYLINE_PART = re.compile(r"\s[|•·–-]\s")
_PUBLISHED = re.compile(r"(?:published|posted)(?: on)?:?\s", re.IGNORECASE)
_MARKDOWN_HEADING = re.compile(r"#{1,6}\s+(?=\S)")

# How a value was found, and how sure that is: set by hand, in this order of trust.
_HEADER = ("header", 0.95)
_HEAD = ("head", 0.9)
_FIRST_LINE = ("first-line", 0.8)
_TOP_LINE = ("top-line", 0.6)

# The model must not eat an article: below this share of the text its answer is not believed.
_MIN_KEPT = 0.15
_SAFE_CHARS = 60
_SAFE_WORDS = 5


@dataclass(frozen=True, slots=True)
class _Top:
    """What the lines above the text said; `taken` are the numbers of the lines used up, one of them the title's."""

    title: Found[str] | None = None
    title_line: int | None = None
    byline: StatedByline | None = None
    published: StatedDate | None = None
    taken: frozenset[int] = frozenset()


def read_plain(text: str, *, title: str | None = None) -> Reading:
    """Read an article file; `title` is a headline already known, which is then not looked for.

    The reading has no paragraphs when nothing in the text is an article. Raises TooLargeError.
    """
    lines = paragraph_lines(clean_characters(text))
    if len(lines) > _MAX_LINES:
        raise TooLargeError(f"text of {len(lines)} lines")
    header = read_header(lines)
    cuts = [Cut(line, "head") for line in lines[: header.size]]
    lines, published, updated = _without_heads(lines[header.size :], cuts)
    top = _read_top(lines, title=title or header.values.get("title"))
    paragraphs = _paragraphs(lines, top, cuts)
    return _reading(paragraphs, header, top, Head("", tuple(cuts), published or top.published, updated))


def _without_heads(lines: list[str], cuts: list[Cut]) -> tuple[list[str], StatedDate | None, StatedDate | None]:
    rest: list[str] = []
    published = updated = None
    for line in lines[:_HEAD_LINES]:
        head = read_head(line, alone=len(lines) == 1)
        cuts.extend(head.cuts)
        published, updated = published or head.published, updated or head.updated
        if head.rest:
            rest.append(head.rest)
    return rest + lines[_HEAD_LINES:], published, updated


def _paragraphs(lines: list[str], top: _Top, cuts: list[Cut]) -> tuple[str, ...]:
    """The lines that are the body; the others are added to `cuts`, except the title's."""
    keep = _kept(lines)
    seen: set[str] = set()
    paragraphs = []
    for number, line in enumerate(lines):
        repeated = len(line) >= _PROSE_CHARS and line in seen
        if number in top.taken:
            if number != top.title_line:
                cuts.append(Cut(line, "head"))
        elif keep[number] and not repeated:
            paragraphs.append(line)
            seen.add(line)
        else:
            cuts.append(Cut(line, "repeated" if repeated else "caption" if is_credit(line) else "boilerplate"))
    return tuple(paragraphs)


def _read_top(lines: list[str], *, title: str | None) -> _Top:
    top = _Top()
    wanted = comparable(title) if title else None
    for number, line in enumerate(lines[:_TOP_LINES]):
        if len(line) >= _PROSE_CHARS and _SENTENCE_END.search(line):
            break
        if wanted and comparable(line) == wanted:
            top = replace(top, title_line=number, taken=top.taken | {number})
        elif not wanted and top.title is None and len(lines) > 1 and _is_headline(line):
            found = Found(_MARKDOWN_HEADING.sub("", line), *(_FIRST_LINE if number == 0 else _TOP_LINE))
            top = replace(top, title=found, title_line=number, taken=top.taken | {number})
        elif top.byline is None and (byline := read_byline(line)) is not None:
            published = top.published or _date_in_byline(line)
            top = replace(top, byline=byline, published=published, taken=top.taken | {number})
    return top


def _date_in_byline(line: str) -> StatedDate | None:
    tail = _BYLINE_PART.split(line)[-1]
    return parse_date(_PUBLISHED.sub("", tail))


def _is_headline(line: str) -> bool:
    if _MARKDOWN_HEADING.match(line):
        return True
    words = len(line.split())
    fits = _TITLE_CHARS[0] <= len(line) <= _TITLE_CHARS[1] and _TITLE_WORDS[0] <= words <= _TITLE_WORDS[1]
    if not fits or line.endswith((".", ",", ":", ";", "…")):
        return False
    return read_byline(line) is None and parse_date(line) is None and not _NO_TITLE.search(line)


def _kept(lines: list[str]) -> Flags:
    keep: Flags = keep_probabilities(lines) > KEEP_FROM
    captions = np.array([is_credit(line) for line in lines], dtype=bool)
    keep &= ~captions
    sizes = np.array([len(line) for line in lines])
    if lines and sizes[keep].sum() < _MIN_KEPT * sizes.sum():
        safe = [len(line) >= _SAFE_CHARS or _is_short_sentence(line) for line in lines]
        keep = np.array(safe, dtype=bool) & ~captions
    return keep


def _is_short_sentence(line: str) -> bool:
    return len(line.split()) >= _SAFE_WORDS and _SENTENCE_END.search(line) is not None and not _NO_TITLE.search(line)


def _reading(paragraphs: tuple[str, ...], header: Header, top: _Top, head: Head) -> Reading:
    """Put together what was found; a header block is explicit, so its values come first."""
    values = header.values
    stated = parse_date(values.get("date", ""))
    byline = values.get("byline")
    return Reading(
        paragraphs,
        "line-model",
        title=_in_header(values.get("title")) or top.title,
        summary=values.get("summary"),
        published=Found(stated, *_HEADER) if stated else Found(head.published, *_HEAD) if head.published else None,
        modified=parse_date(values.get("updated", "")) or head.updated,
        byline=_in_header(byline) or (Found(top.byline.text, "byline-line", 0.9) if top.byline else None),
        authors=authors_of(byline) if byline else top.byline.authors if top.byline else (),
        agency=top.byline.agency if top.byline else None,
        urls=tuple(filter(None, [values.get("url")])),
        outlet=_in_header(values.get("outlet")),
        section=values.get("section"),
        keywords=tuple(filter(None, map(str.strip, values.get("keywords", "").split(",")))),
        language=values.get("language"),
        cuts=head.cuts,
    )


def _in_header(value: str | None) -> Found[str] | None:
    return Found(value, *_HEADER) if value else None
