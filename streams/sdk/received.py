"""What a subscriber gets: a value, its envelope, and where it stands."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from streams.codec import Record
from streams.errors import NewsloomError, UsageError
from streams.sdk.cursor import Cursor
from streams.sdk.envelope import Envelope

__all__ = ["Received", "Unreadable", "UnreadableError"]

T_co = TypeVar("T_co", covariant=True)

Commit = Callable[["Received[Any]"], Awaitable[bool]]


@dataclass(frozen=True, slots=True)
class Received(Generic[T_co]):
    """One record. `timestamp` is when the broker took it, UTC; `topic` is the full name, lane and all.

    `cursor`, without a group: where to go on behind this record, for `since`.
    """

    value: T_co
    envelope: Envelope
    topic: str
    partition: int
    offset: int
    key: bytes | None
    timestamp: datetime
    cursor: Cursor | None = None
    epoch: int = field(default=0, repr=False)
    committing: Commit | None = field(default=None, repr=False, compare=False)

    async def commit(self) -> bool:
        """Commit this record and all before it in its partition.

        False when the partition has gone to another member, or was given out anew: it comes again.
        UsageError without a group, BrokerError when the broker refuses.
        """
        if self.committing is None:
            raise UsageError("only a subscription with a group commits")
        return await self.committing(self)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record whose value cannot be read, and why; `reason` is one of `streams.outcome.DeadReason`."""

    record: Record
    reason: str
    detail: str

    def __str__(self) -> str:
        at = f"{self.record.topic}, partition {self.record.partition}, offset {self.record.offset}"
        return f"{at}: {self.reason}" + (f": {self.detail}" if self.detail else "")


class UnreadableError(NewsloomError):
    """A record that cannot be read, where nobody said what to do with such."""

    def __init__(self, unreadable: Unreadable) -> None:
        super().__init__(f"{unreadable} (on_error='skip' passes over it)")
        self.unreadable = unreadable
