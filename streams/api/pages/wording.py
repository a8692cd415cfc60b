"""How pages say things: times, numbers, links. Pure; the present instant is an argument."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

__all__ = ["ago", "amount", "clock_time", "counted", "day", "duration", "exact_time", "host_of", "listed", "web_link"]

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_DAYS_AGO = 7
_MAX_LINK = 8192


def ago(at: datetime, now: datetime) -> str:
    """How long ago, in the largest fitting unit; the date when it is more than a week, or in the future."""
    seconds = (now - at).total_seconds()
    if -_MINUTE < seconds < _MINUTE:
        return "just now"
    if not 0 < seconds < _DAYS_AGO * _DAY:
        return day(at)
    return f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    """A length of time in one unit: `42 s`, `7 min`, `3 h`, `2 d`."""
    if seconds < _MINUTE:
        return f"{seconds:.0f} s"
    for unit, name in ((_DAY, "d"), (_HOUR, "h"), (_MINUTE, "min")):
        if seconds >= unit:
            return f"{int(seconds // unit)} {name}"
    raise AssertionError(seconds)


def day(at: datetime) -> str:
    """`1 March 2026`, UTC."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B} {at.year}"


def clock_time(at: datetime) -> str:
    """`1 Mar 2026, 12:05 UTC`."""
    at = at.astimezone(UTC)
    return f"{at.day} {at:%b} {at.year}, {at:%H:%M} UTC"


def exact_time(at: datetime) -> str:
    """`2026-03-01 12:05:09.123`, UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"


def amount(number: float) -> str:
    """A number with its thousands apart."""
    return f"{number:,.0f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 article`, `2 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    *rest, last = names or ("",)
    return f"{', '.join(rest)} and {last}" if rest else last


def web_link(url: str | None) -> str | None:
    """`url` when it is one that a page may link to: http or https with a host, and nothing odd in it; else None."""
    if not url or len(url) > _MAX_LINK or any(character <= " " or character == "\x7f" for character in url):
        return None
    try:
        parts = urlsplit(url)
        fit = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        return None
    return url if fit else None


def host_of(url: str | None) -> str | None:
    """The host of a link, without `www.`."""
    link = web_link(url)
    host = urlsplit(link).hostname if link else None
    return host.removeprefix("www.") if host else None
