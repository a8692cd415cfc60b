"""Publishers' dates: what was stated, with its zone and its precision, and nothing else.

A day, a month or a year becomes midnight UTC of its first instant, the precision
says the rest is filler. A time of day without a zone could be meant anywhere on
Earth, so only its day is kept. A day that reads two ways (03/04/2024) is no date.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

__all__ = ["DATE_PATTERN", "DatePrecision", "StatedDate", "parse_date"]

DatePrecision = Literal["year", "month", "day", "minute", "second"]

_MAX = 128
_FIRST_YEAR, _LAST_YEAR = 1600, 2199

_MONTHS = (
    ("january", "jan", "januar", "janvier", "enero", "ene", "gennaio", "gen", "janeiro", "januari", "jänner"),
    ("february", "feb", "februar", "février", "févr", "febrero", "febbraio", "fevereiro", "fev", "februari"),
    ("march", "mar", "märz", "mrz", "mars", "marzo", "março", "maart", "mrt"),
    ("april", "apr", "avril", "avr", "abril", "abr", "aprile"),
    ("may", "mai", "mayo", "maggio", "mag", "maio", "mei", "maj"),
    ("june", "jun", "juni", "juin", "junio", "giugno", "giu", "junho"),
    ("july", "jul", "juli", "juillet", "juil", "julio", "luglio", "lug", "julho"),
    ("august", "aug", "août", "agosto", "ago", "augustus", "augusti"),
    ("september", "sep", "sept", "septembre", "septiembre", "settembre", "set", "setembro"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "ott", "outubro", "out"),
    ("november", "nov", "novembre", "noviembre", "novembro"),
    ("december", "dec", "dezember", "dez", "décembre", "déc", "diciembre", "dic", "dicembre", "dezembro"),
)
_MONTH_NUMBER = {name: number for number, names in enumerate(_MONTHS, start=1) for name in names}

# Zones with one meaning in news; IST, BST or CST have several and count as none.
_ZONE_HOURS = {
    "z": 0.0, "utc": 0.0, "gmt": 0.0, "est": -5.0, "edt": -4.0, "cdt": -5.0, "mst": -7.0, "mdt": -6.0, "pst": -8.0,
    "pdt": -7.0, "cet": 1.0, "cest": 2.0, "mez": 1.0, "mesz": 2.0, "eet": 2.0, "eest": 3.0, "msk": 3.0, "pkt": 5.0,
    "hkt": 8.0, "sgt": 8.0, "jst": 9.0, "kst": 9.0, "aest": 10.0, "aedt": 11.0, "nzst": 12.0, "nzdt": 13.0,
}  # fmt: skip

# The ambiguous ones too: they are read over, so that the day beside them counts.
_ZONES = "|".join([*sorted(_ZONE_HOURS), "ist", "bst", "cst", "ast", "et", "ct", "mt", "pt", "wib", "local time"])
_NAME = "|".join(sorted(_MONTH_NUMBER, key=len, reverse=True))
_TIME = (
    r"(?:(?:t|,?[ ]{0,2}(?:at|um|à|-|–|\||•)?[ ]{0,2})"
    r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"(?:[ ]?(?P<half>[ap])\.?m\b\.?)?(?:[ ]?(?:uhr|hrs)\b)?"
    rf"[ ]?\(?(?P<zone>(?:utc|gmt)?[+-]\d{{1,2}}:?(?:\d\d)?(?!\d)|(?:{_ZONES})\b)?\)?)?"
)
_WEEKDAY = r"(?:[a-zäéáíçú]{2,12}\.?,[ ]{0,2})?"
_GAP = "[ -](?:de[ ])?"
_DAYS = (
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
    r"(?P<first>\d{1,2})[-/.](?P<other>\d{1,2})[-/.](?P<year>\d{4})(?!\d)",
    rf"(?P<name>{_NAME})\.?[ ](?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[ ](?P<year>\d{{4}})(?!\d)",
    rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.|er)?{_GAP}(?P<name>{_NAME})\.?,?{_GAP}(?P<year>\d{{4}})(?!\d)",
)
_STATED = tuple(re.compile(_WEEKDAY + day + _TIME, re.IGNORECASE) for day in _DAYS)
_COMPACT = re.compile(r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)" + _TIME, re.IGNORECASE)
_MONTH_ONLY = re.compile(rf"(?P<name>{_NAME})\.?,?[ ](?P<year>\d{{4}})|(?P<y>\d{{4}})-(?P<m>\d\d)", re.IGNORECASE)
_YEAR_ONLY = re.compile(r"\d{4}")

DATE_PATTERN = "(?:" + "|".join(re.sub(r"\(\?P<\w+>", "(?:", _WEEKDAY + day + _TIME) for day in _DAYS) + ")"
"""A date in running text, for other grammars to build on; no groups, match case-insensitively."""


@dataclass(frozen=True, slots=True)
class StatedDate:
    """An instant with the offset that was stated (UTC when none was), and how much of it was stated."""

    value: datetime
    precision: DatePrecision


def parse_date(text: str) -> StatedDate | None:
    """The date that the whole of `text` states; None when it states none, or more than one."""
    text = " ".join(text.split())
    if len(text) > _MAX:
        return None
    for pattern in (*_STATED, _COMPACT):
        if match := pattern.fullmatch(text):
            return _built(match.groupdict())
    if match := _MONTH_ONLY.fullmatch(text):
        month = int(match["m"]) if match["m"] else _MONTH_NUMBER[match["name"].lower()]
        return _at(int(match["year"] or match["y"]), month, 1, precision="month")
    if _YEAR_ONLY.fullmatch(text):
        return _at(int(text), 1, 1, precision="year")
    return None


def _built(parts: dict[str, str | None]) -> StatedDate | None:
    day_and_month = _day_and_month(parts)
    if day_and_month is None:
        return None
    day, month = day_and_month
    date = _at(int(parts["year"] or 0), month, day, precision="day")
    offset = _offset(parts["zone"])
    if date is None or offset is None or parts["hour"] is None:
        return date
    hour = int(parts["hour"])
    if parts["half"]:
        hour = hour % 12 + (12 if parts["half"].lower() == "p" else 0)
    try:
        value = date.value.replace(
            hour=hour, minute=int(parts["minute"] or 0), second=int(parts["second"] or 0), tzinfo=offset
        )
    except ValueError:
        return date
    return StatedDate(value, "second" if parts["second"] else "minute")


def _day_and_month(parts: dict[str, str | None]) -> tuple[int, int] | None:
    if name := parts.get("name"):
        return int(parts["day"] or 0), _MONTH_NUMBER[name.lower()]
    if month := parts.get("month"):
        return int(parts["day"] or 0), int(month)
    first, other = int(parts["first"] or 0), int(parts["other"] or 0)
    months = 12
    if first > months or first == other:
        return first, other
    return (other, first) if other > months else None


def _at(year: int, month: int, day: int, *, precision: DatePrecision) -> StatedDate | None:
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        return StatedDate(datetime(year, month, day, tzinfo=UTC), precision)
    except ValueError:
        return None


def _offset(zone: str | None) -> timezone | None:
    if zone is None:
        return None
    zone = zone.lower()
    if zone in _ZONE_HOURS:
        return _zone(_ZONE_HOURS[zone] * 60)
    match = re.fullmatch(r"(?:utc|gmt)?([+-])(\d{1,2}):?(\d\d)?", zone)
    if match is None:
        return None
    minutes = int(match[2]) * 60 + int(match[3] or 0)
    return _zone(-minutes if match[1] == "-" else minutes)


def _zone(minutes: float) -> timezone | None:
    furthest = 14 * 60
    if abs(minutes) > furthest:
        return None
    return UTC if minutes == 0 else timezone(timedelta(minutes=minutes))
