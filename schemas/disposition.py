"""What an operator did with a dead letter."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Event, UtcDatetime
from schemas.replay import Offset

__all__ = ["Disposition"]


class Disposition(Event):
    """One dead letter that is no longer open, or about to be.

    The key, `letter_id`, is where the letter stands: `topic:partition:offset`, without any lane;
    `record_id` is where the record stood that was parked. A record may have several letters.
    `redriving` is an intent, written before the record is sent: whether it was is then to be seen
    in the source topic, in partition `sent_partition` from `sent_from` on. `redriven` says that it
    stands there at `sent_offset`.
    """

    letter_id: str = Field(pattern=r"^[a-zA-Z0-9._-]{1,249}:[0-9]{1,10}:[0-9]{1,19}$")
    state: Literal["redriving", "redriven", "discarded"]
    at: UtcDatetime
    by: str = Field(min_length=1, max_length=256)
    why: str = Field(default="", max_length=1000)
    stage: str = ""
    reason: str = ""
    document_id: str | None = None
    record_id: str | None = None
    redrive_count: Count = 0
    sent_partition: Count | None = None
    sent_from: Offset | None = None
    sent_offset: Offset | None = None
