"""A file of a drop folder: what the watcher knows of it."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Event, UtcDatetime
from schemas.replay import Offset

__all__ = ["DroppedFile"]


class DroppedFile(Event):
    """One path of one drop folder as it was last picked up; key `file_id`, a hash of folder and path.

    `scheduled` is an intent, written before the first document is sent: what of it was sent is to
    be seen in the raw topic, from `tails` on, an offset a partition. `done` and `refused` are ends;
    a file whose size or modification time has changed since is looked at again, one whose `digest`
    (BLAKE2b of its bytes) has changed too is sent again.
    """

    file_id: str = Field(pattern=r"^drop_[0-9a-f]{32}$")
    folder: str = Field(max_length=4096)
    path: str = Field(min_length=1, max_length=4096)
    state: Literal["scheduled", "done", "refused"]
    digest: str = Field(default="", pattern=r"^([0-9a-f]{32})?$")
    size: Offset
    modified_ns: int = Field(ge=-(2**63), le=2**63 - 1)
    documents: Count = 0
    refused: Count = 0
    detail: str = Field(default="", max_length=1000)
    tails: tuple[Offset, ...] = ()
    at: UtcDatetime
