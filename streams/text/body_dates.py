"""Dates in running text, as ISO 8601 values with the precision that was stated.

A day without a year gets the year that brings it closest to the day of publication, since
news tells of what is near; without a day of publication it stays `--MM-DD`. Weekdays and
"yesterday" are no dates here.
"""

import re
from collections.abc import Iterator
from datetime import date

from schemas import DateLayer, DateMention, Precision

__all__ = ["ENRICHER", "VERSION", "date_layer"]

ENRICHER = "newsloom-dates"
VERSION = "1"

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = (
    r"(?:January|Jan\.?|February|Feb\.?|March|Mar\.?|April|Apr\.?|May|June|Jun\.?|July|Jul\.?|August|Aug\.?"
    r"|September|Sept?\.?|October|Oct\.?|November|Nov\.?|December|Dec\.?)"
)
_DAY = r"[0-3]?[0-9](?:st|nd|rd|th)?"
_YEAR = r"(?:1[6-9]|20|21)[0-9][0-9]"
_DATE = re.compile(
    # A word that begins no date is left at its first letter.
    rf"\b(?=[0-9ABDFIJMNOSUbdisu])(?:(?P<iso>{_YEAR}-[01][0-9]-[0-3][0-9])(?![0-9-])"
    rf"|(?P<month>{_MONTH})[ ](?P<day>{_DAY})(?![0-9:%.,]*[0-9])(?:,?[ ](?P<year>{_YEAR})\b)?"
    rf"|(?P<day2>{_DAY})[ ](?:of[ ])?(?P<month2>{_MONTH})(?![a-z])(?:,?[ ](?P<year2>{_YEAR})\b)?"
    rf"|(?P<month3>{_MONTH}),?[ ](?:of[ ])?(?P<year3>{_YEAR})\b"
    rf"|(?:[Ii]n|[Ss]ince|[Dd]uring|[Uu]ntil|[Bb]y)[ ](?P<year4>{_YEAR})\b(?![-/.,][0-9]))"
)
_LEAP_YEAR = 2000


def date_layer(text: str, published: date | None) -> DateLayer:
    """Dates of `text` in order; `published` is the day the article says it appeared, None when it says none."""
    return DateLayer(enricher=ENRICHER, version=VERSION, dates=tuple(_dates(text, published)))


def _dates(text: str, published: date | None) -> Iterator[DateMention]:
    for match in _DATE.finditer(text):
        found = _value(match, published)
        if found is not None:
            value, precision = found
            start, end = match.span("year4") if match["year4"] else match.span()
            yield DateMention(start=start, end=end, text=text[start:end], value=value, precision=precision)


def _value(match: re.Match[str], published: date | None) -> tuple[str, Precision] | None:
    """ISO value and precision; None for a day that no calendar has."""
    if match["iso"]:
        year, month, day = map(int, match["iso"].split("-"))
        return _day(year, month, day)
    if match["year4"]:
        return match["year4"], "year"
    if match["month3"]:
        return f"{match['year3']}-{_month(match['month3']):02d}", "month"
    month = _month(match["month"] or match["month2"])
    day = int((match["day"] or match["day2"]).rstrip("stndrh"))
    if stated := match["year"] or match["year2"]:
        return _day(int(stated), month, day)
    if published is None:
        return (f"--{month:02d}-{day:02d}", "day") if _exists(_LEAP_YEAR, month, day) else None
    return _nearest(month, day, published)


def _day(year: int, month: int, day: int) -> tuple[str, Precision] | None:
    return (f"{year:04d}-{month:02d}-{day:02d}", "day") if _exists(year, month, day) else None


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _nearest(month: int, day: int, published: date) -> tuple[str, Precision] | None:
    """The day in the year that brings it closest to publication, the earlier when two are level."""
    years = [year for year in (published.year - 1, published.year, published.year + 1) if _exists(year, month, day)]
    if not years:
        return None
    return _day(min(years, key=lambda year: abs((date(year, month, day) - published).days)), month, day)


def _month(name: str) -> int:
    return _MONTHS.index(name[:3]) + 1
