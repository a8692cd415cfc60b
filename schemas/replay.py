"""A replay of part of a topic into a lane: what was asked for, and how far it has come."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.base import Count, Event, UtcDatetime

__all__ = ["Offset", "ReplayJob", "ReplayRange", "ReplaySelection"]

Offset = Annotated[int, Field(ge=0, le=2**63 - 1)]
"""A place in a partition, or a number of bytes."""

LaneName = Annotated[str, Field(pattern=r"^([a-z0-9-]{1,40})?$")]
"""Prefix of a lane's topics; empty for the live one."""

MAX_DOCUMENTS = 5000
"""Most documents that a selection by id may name: they are written down with each step of the progress."""


class ReplaySelection(Event):
    """Which records; of each field that is not empty one must fit.

    `articles` and `stories` are kept as asked for; what they came to is in `documents`.
    """

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    articles: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()
    documents: tuple[str, ...] = Field(default=(), max_length=MAX_DOCUMENTS)


class ReplayRange(Event):
    """Offsets `start` to `end` (exclusive) of a partition; what lies before `position` is done."""

    partition: Count
    start: Offset
    end: Offset
    position: Offset


class ReplayJob(Event):
    """One replay; key `job_id`, which is a hash of what it is to do, so that the same order is the same job.

    `tails` are offsets of the lane's topic, one a partition: all that the job had copied
    before `position` lies before them. `attempt` counts its starts; a higher one ends a
    lower. `code` and `config` name what its lane's stages were made of.
    """

    job_id: str = Field(pattern=r"^rpl_[0-9a-f]{32}$")
    lane: LaneName = ""
    topic: str = Field(min_length=1, max_length=249)
    into: LaneName
    selection: ReplaySelection
    ranges: tuple[ReplayRange, ...]
    tails: tuple[Offset, ...]
    copied: Offset = 0
    skipped: Offset = 0
    bytes: Offset = 0
    state: Literal["running", "done", "failed", "cancelled"]
    detail: str = Field(default="", max_length=1000)
    attempt: int = Field(ge=1, le=2**31 - 1)
    host: str = Field(max_length=255)
    started_at: UtcDatetime
    updated_at: UtcDatetime
    code: str
    config: str
