"""A dead letter, as tools show it: the record is the original, the reason is in headers."""

from pydantic import Field

from schemas.base import Count, Event, UtcDatetime

__all__ = ["DeadLetter"]


class DeadLetter(Event):
    """Read from a record of a `.dlq` topic; see `streams.deadletter`.

    `key` and `value` are the original bytes in base64, null where they were null.
    `headers` are the original ones, in order, values in base64. `first_failed_at` is the time
    of the record that failed first, `redrive_count` how often it was sent again since;
    `exception` and `trace` say what was raised, where something was.
    """

    topic: str
    partition: Count
    offset: int = Field(ge=0, le=2**63 - 1)
    stage: str
    reason: str
    detail: str = ""
    first_failed_at: UtcDatetime | None = None
    redrive_count: Count = 0
    exception: str | None = None
    trace: str | None = None
    document_id: str | None = None
    key: str | None = None
    value: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
