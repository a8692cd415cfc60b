"""The one clock: producers stamp `first_seen_at` with it, the edge its dead letters; no stage sees it."""

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> datetime:
    """The present instant, UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one place
