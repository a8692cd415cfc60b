"""Bylines: `By Jane Doe and John Roe, Reuters` to the people it names."""

import re
from dataclasses import dataclass

from streams.text.datelines import agency_in
from streams.text.dates import DATE_PATTERN

__all__ = ["StatedByline", "authors_of", "read_byline"]

_MAX = 160
_BY = re.compile(r"\s{0,4}(?:by|written by|reported by|story by|von|par|por)\s{1,4}(?=\S)", re.IGNORECASE)
_DATE = re.compile(
    rf"[\s|,•·–-]{{0,6}}\b(?:(?:published|updated|posted)(?: on)?:?\s)?{DATE_PATTERN}.{{0,40}}$", re.IGNORECASE
)
_BETWEEN = re.compile(r"\s{0,3}(?:[,;/|•·]|\s-\s|\s–\s|\sand\s|\s&\s|\sund\s|\set\s|\sy\s)\s{0,3}", re.IGNORECASE)
_WORD = r"[A-ZÀ-ÞĀ-Ž][\w.'’-]{0,30}"
_PARTICLE = r"(?:van|von|der|den|de|del|della|da|di|du|la|le|el|al|bin|ibn|ter|ten|dos|das|of)"
_NAME = re.compile(rf"{_WORD}(?:\s(?:{_PARTICLE}\s){{0,2}}{_WORD}){{1,4}}")
_NOT_PEOPLE = re.compile(
    r"\b(?:staff|desk|news|bureau|team|editors?|reporters?|writers?|correspondents?|press|agency|agencies|media|online"
    r"|times|post|journal|herald|tribune|gazette|network|service|photo|video|redaktion|today|daily|contributors?"
    r"|university|institute|company|inc|ltd)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class StatedByline:
    """The line as it stood, the people in it, in order, and the agency that signed, if one did."""

    text: str
    authors: tuple[str, ...]
    agency: str | None


def read_byline(line: str) -> StatedByline | None:
    """A line that is a byline as a whole: `By`, then names; None for any other line."""
    match = _BY.match(line)
    if match is None or len(line) > _MAX:
        return None
    names = _DATE.sub("", line[match.end() :])
    authors = authors_of(names)
    agency = next((found for part in _BETWEEN.split(names) if (found := agency_in(part))), None)
    if not authors and agency is None:
        return None
    return StatedByline(line.strip(), authors, agency)


def authors_of(names: str) -> tuple[str, ...]:
    """People in a list of names; desks, agencies and job titles are left out. No name is split or recased."""
    found = []
    for part in _BETWEEN.split(" ".join(names[:_MAX].split())):
        name = re.sub(r"^by\s", "", part.strip(" .:"), flags=re.IGNORECASE)
        name = re.sub(r"\s(?:in|for|at)\s.{0,60}$", "", name)
        if _NAME.fullmatch(name) and not _NOT_PEOPLE.search(name) and agency_in(name) is None:
            found.append(name)
    return tuple(dict.fromkeys(found))
