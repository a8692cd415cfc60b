"""Response headers into values; what cannot be read is as good as absent. Pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from streams.feeds.answers import Validators
from streams.text.encoding import charset_of_media_type

__all__ = [
    "LONGEST_WAIT_S",
    "charset",
    "expires_at",
    "http_date",
    "max_age_s",
    "media_type",
    "retry_after_s",
    "validators",
]

LONGEST_WAIT_S = 24 * 60 * 60
"""A server may ask for a day of patience; whoever asks for more gets a day."""

_MAX_VALIDATOR = 1024
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s{0,5}=\s{0,5}\"?(\d{1,10})", re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|[,\s])no-(?:cache|store)\b", re.IGNORECASE)
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


def http_date(text: str | None) -> datetime | None:
    """An HTTP date in any of its three forms, UTC."""
    if not text or len(text) > 64:  # noqa: PLR2004 - the longest form has 34 characters
        return None
    try:
        found = parsedate_to_datetime(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Seconds to wait by `Retry-After`, from 0 to LONGEST_WAIT_S, of either form."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:10]), LONGEST_WAIT_S))
    until = http_date(text)
    return None if until is None else min(max((until - now).total_seconds(), 0.0), LONGEST_WAIT_S)


def max_age_s(headers: Mapping[str, str]) -> int | None:
    """Seconds that a response stays fresh by `Cache-Control`, less its `Age`; 0 for `no-cache`."""
    stated = headers.get("Cache-Control", "")[:1024]
    if _NO_CACHE.search(stated):
        return 0
    found = _MAX_AGE.search(stated)
    if found is None:
        return None
    age = headers.get("Age", "").strip()
    return max(0, int(found[1]) - (int(age[:10]) if age.isascii() and age.isdigit() else 0))


def expires_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Instant of `Expires` on our clock: the server's own `Date` counts as `now`."""
    expires, date = http_date(headers.get("Expires")), http_date(headers.get("Date"))
    try:
        return expires if expires is None or date is None else now + (expires - date)
    except OverflowError:
        return None


def validators(headers: Mapping[str, str]) -> Validators:
    """`ETag` and `Last-Modified` as they stand; over-long ones and those no text can hold are dropped."""
    return Validators(_opaque(headers.get("ETag")), _opaque(headers.get("Last-Modified")))


def _opaque(text: str | None) -> str | None:
    return text if text and len(text) <= _MAX_VALIDATOR and text.isprintable() else None


def media_type(headers: Mapping[str, str]) -> str:
    """Media type, lower case and without parameters; empty when there is none."""
    found = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    return found if _MEDIA_TYPE.fullmatch(found) else ""


def charset(headers: Mapping[str, str]) -> str | None:
    """Parameter `charset` of the media type."""
    return charset_of_media_type(headers.get("Content-Type", "")[:1024])
