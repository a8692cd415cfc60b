"""The head grammar: dates, share buttons and photo credits glued to the front of a text, and header blocks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.text.dates import DATE_PATTERN, StatedDate, parse_date
from streams.text.reading import Cut

__all__ = ["Head", "Header", "is_credit", "read_head", "read_header"]

_CAPTION_MAX = 400

_EDGE = r"[\s|•·*–—:>-]{0,8}"
_LABEL = (
    r"(?P<label>date|published|updated|posted|last updated|last modified|modified|first published|publication date"
    r"|published on|created|issued)(?: (?:on|at))?\s{0,3}:?\s{1,3}"
)
_LABELLED = re.compile(rf"{_EDGE}{_LABEL}(?P<date>{DATE_PATTERN}){_EDGE}", re.IGNORECASE)
_BARE = re.compile(rf"{_EDGE}(?P<date>{DATE_PATTERN})\s{{0,3}}(?:$|[|•·]\s{{0,3}}|[–—-]\s{{1,3}})", re.IGNORECASE)
_NETWORK = "facebook|twitter|x|whatsapp|telegram|linkedin|email|pinterest|reddit|copy link|print"
_BUTTON = re.compile(
    rf"{_EDGE}(?:follow us(?: on)?(?: (?:google news|facebook|twitter|x|whatsapp|telegram|instagram)){{0,3}}"
    r"|share this (?:article|story|post|page)(?: on)?"
    rf"|share on(?=\s{{0,3}}(?:$|[:|]|(?:{_NETWORK})\b))"
    r"|(?:advertisement|listen to (?:this )?(?:article|story)|subscribe now|add as a preferred source)"
    rf"|(?:(?:{_NETWORK})\s{{1,3}}){{2,9}}(?=\S)"
    rf")\s{{0,3}}[:|-]?(?:\s{{1,3}}|$|(?<=\s)){_EDGE}",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"[\s(\[]{0,4}(?:(?:image|photo|picture|pic)\s{0,2}(?:source|credits?|courtesy|by)?\s{0,2}:"
    r"|file(?:\sphoto|\simage|\spicture)?\s{0,2}(?:[-–—]+|:)\s"
    r"|(?:image|photo|picture)\s(?:source|credit|courtesy)\b)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?][\"”’)]{0,2}\s{1,4}(?=[A-ZÀ-Þ\"“‘])")
_LOWER_START = re.compile(r"[a-zà-ÿ,;]")

_FIELD = re.compile(r"([A-Za-z][A-Za-z _-]{1,19})\s{0,2}:\s{1,4}(\S.{0,2000})")
_FIELDS = {
    "title": "title", "headline": "title", "subject": "title", "date": "date", "published": "date",
    "published at": "date", "publication date": "date", "pubdate": "date", "publishdate": "date", "updated": "updated",
    "modified": "updated", "lastmod": "updated", "author": "byline", "authors": "byline", "byline": "byline",
    "by": "byline", "source": "outlet", "publisher": "outlet", "outlet": "outlet", "newspaper": "outlet", "url": "url",
    "link": "url", "canonical": "url", "language": "language", "lang": "language", "tags": "keywords",
    "keywords": "keywords", "section": "section", "category": "section", "description": "summary",
    "summary": "summary",
}  # fmt: skip
_HEADER_LINES = 40
_FENCE = "---"


@dataclass(frozen=True, slots=True)
class Head:
    """`rest` of a line after `cuts`; dates are None where the head states none."""

    rest: str
    cuts: tuple[Cut, ...] = ()
    published: StatedDate | None = None
    updated: StatedDate | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """A block of `Key: value` lines before the text: known keys, and how many lines it took."""

    size: int = 0
    values: dict[str, str] = field(default_factory=dict)


def read_head(line: str, *, alone: bool = False) -> Head:
    """Take what is not text from the front of a line; `alone` when it is the document's only one."""
    rest = line
    cuts: list[Cut] = []
    published: StatedDate | None = None
    updated: StatedDate | None = None
    while rest and (match := _LABELLED.match(rest) or _BARE.match(rest) or _BUTTON.match(rest)):
        after = rest[match.end() :]
        if _LOWER_START.match(after) or not match[0].strip():
            break
        if "date" in match.groupdict():
            date = parse_date(match["date"])
            is_update = "updated" in match[0].lower() or "modified" in match[0].lower()
            published, updated = (published, updated or date) if is_update else (published or date, updated)
        cuts.append(Cut(match[0].strip(), "head"))
        rest = after.strip()
    if is_credit(rest):
        end = _caption_end(rest, alone=alone)
        cuts.append(Cut(rest[:end].strip(), "caption"))
        rest = rest[end:].strip()
    return Head(rest, tuple(cuts), published, updated)


def is_credit(line: str) -> bool:
    """Whether a line starts with a photo credit, and so is a caption."""
    return _CREDIT.match(line) is not None


def _caption_end(line: str, *, alone: bool) -> int:
    if len(line) <= _CAPTION_MAX and not alone:
        return len(line)
    end = _SENTENCE_END.search(line)
    return end.end() if end else min(len(line), _CAPTION_MAX) if alone else len(line)


def read_header(lines: Sequence[str]) -> Header:
    """The header block in front of `lines`: fenced by `---`, or two known keys in a row, or a title key."""
    fenced = bool(lines) and lines[0] == _FENCE
    values: dict[str, str] = {}
    size = int(fenced)
    for line in lines[size:_HEADER_LINES]:
        match = _FIELD.fullmatch(line)
        name = _FIELDS.get(match[1].lower().replace("_", " ").replace("-", " ")) if match else None
        if match and name:
            values.setdefault(name, match[2].strip(" \"'[]"))
        elif not fenced or line == _FENCE:
            break
        size += 1
    if fenced:
        closed = size < len(lines) and lines[size] == _FENCE
        return Header(size + 1, values) if closed and values else Header()
    return Header(size, values) if size > 1 or "title" in values else Header()
