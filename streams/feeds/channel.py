"""What a feed says about itself and its schedule: `language`, `ttl`, `sy:update*`, `skipHours`, `skipDays`. Pure.

Read from the text before the first entry, since neither parser gives all of them; whoever hides them behind the
entries is not heard.
"""

import re
from dataclasses import dataclass

__all__ = ["Channel", "read_channel"]

_READ = 64 * 1024
_ENTRY = re.compile(rb"<(?:[A-Za-z0-9]{1,20}:)?(?:item|entry)[\s>]", re.IGNORECASE)
_FIELD = re.compile(
    rb"<(language|ttl|sy:updatePeriod|sy:updateFrequency|hour|day|dc:language)>\s{0,50}(?:<!\[CDATA\[)?([^<>\]]{1,40})",
    re.IGNORECASE,
)
_PERIODS_S = {"hourly": 3600, "daily": 86400, "weekly": 7 * 86400, "monthly": 30 * 86400, "yearly": 365 * 86400}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_LONGEST_S = 365 * 86400
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Channel:
    """As in `streams.feeds.parsed.ParsedFeed`."""

    language: str | None
    ttl_s: int | None
    skip_hours: frozenset[int]
    skip_days: frozenset[int]


def read_channel(xml: bytes) -> Channel:
    """The fields in `xml`; what cannot be read is as good as absent."""
    head = xml[:_READ]
    first = _ENTRY.search(head)
    found: dict[str, list[str]] = {}
    for name, value in _FIELD.findall(head[: first.start()] if first else head):
        found.setdefault(name.decode().lower(), []).append(value.decode("utf-8", "replace").strip())
    hours = frozenset(int(hour) % _HOURS for hour in found.get("hour", ()) if hour.isdecimal() and int(hour) <= _HOURS)
    days = frozenset(_DAYS.index(day.lower()) for day in found.get("day", ()) if day.lower() in _DAYS)
    return Channel(
        language=next(iter(found.get("language", ()) or found.get("dc:language", ())), None),
        ttl_s=_ttl_s(found),
        # Whoever skips them all would never be polled again.
        skip_hours=hours if len(hours) < _HOURS else frozenset(),
        skip_days=days if len(days) < len(_DAYS) else frozenset(),
    )


def _ttl_s(found: dict[str, list[str]]) -> int | None:
    minutes, times = _number(found, "ttl"), _number(found, "sy:updatefrequency")
    period_s = next((_PERIODS_S.get(text.lower()) for text in found.get("sy:updateperiod", ())), None)
    stated = [minutes * 60 if minutes else None, period_s // max(1, times or 1) if period_s else None]
    return min(max((seconds for seconds in stated if seconds), default=0), _LONGEST_S) or None


def _number(found: dict[str, list[str]], name: str) -> int | None:
    text = next(iter(found.get(name, ())), "")
    return int(text[:9]) if text.isascii() and text.isdigit() else None
