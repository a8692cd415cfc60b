"""Instants as the read model keeps them: microseconds since 1970, so that they sort."""

from datetime import UTC, datetime, timedelta

__all__ = ["from_micros", "micros"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(at: int) -> datetime:
    """The instant of `micros`; what is no instant of the years 1 to 9999 becomes the nearest end."""
    try:
        return _EPOCH + at * _MICROSECOND
    except OverflowError:
        return datetime.max.replace(tzinfo=UTC) if at > 0 else datetime.min.replace(tzinfo=UTC)
