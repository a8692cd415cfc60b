"""A replay job as a value: its id, its beginning, its progress, what can be said of it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Literal

from schemas import ReplayJob, ReplayRange, ReplaySelection
from streams.codec import encode
from streams.stages.dedupe import VERSION as DEDUPE_VERSION
from streams.stages.normalize import VERSION as NORMALIZE_VERSION
from streams.stages.story_step import VERSION as CLUSTER_VERSION
from streams.text.dedupe_model import DedupeConfig
from streams.text.story_model import ClusterConfig

__all__ = ["Plan", "Standing", "begun", "code", "config", "job_id", "left", "moved", "standing", "total"]

Standing = Literal["running", "interrupted", "done", "failed", "cancelled"]

SILENT = timedelta(seconds=10)
"""A replay notes its progress once a second; one unheard of for so long has ended without a word."""

_MAKERS = ("stages", "state", "text")


def job_id(lane: str, topic: str, into: str, selection: ReplaySelection, ranges: Sequence[ReplayRange]) -> str:
    """`rpl_` and 32 hex digits: a hash of what is to be done."""
    spans = [[each.partition, each.start, each.end] for each in ranges]
    parts = (lane, topic, into, encode(selection).decode(), repr(spans))
    return "rpl_" + hashlib.blake2b("\0".join(parts).encode(), digest_size=16).hexdigest()


@cache
def code() -> str:
    """The version, and a hash of all files that decide what a stage makes of a record."""
    state = hashlib.blake2b(digest_size=6)
    for name, data in _sources(files("streams"), _MAKERS):
        state.update(name.encode() + b"\0" + len(data).to_bytes(8, "little") + data)
    return f"{version('newsloom')}+{state.hexdigest()}"


def _sources(package: Traversable, folders: Sequence[str]) -> list[tuple[str, bytes]]:
    found: list[tuple[str, bytes]] = []
    for folder in folders:
        _walk(package / folder, folder, found)
    return sorted(found)


def _walk(at: Traversable, name: str, found: list[tuple[str, bytes]]) -> None:
    for entry in at.iterdir():
        if entry.is_dir() and entry.name != "__pycache__":
            _walk(entry, f"{name}/{entry.name}", found)
        elif entry.is_file() and not entry.name.endswith(".pyc"):
            found.append((f"{name}/{entry.name}", entry.read_bytes()))


def config() -> str:
    """A hash of the configurations of the stages, by the versions they stamp on what they make."""
    parts = (NORMALIZE_VERSION, DEDUPE_VERSION, DedupeConfig().digest(), CLUSTER_VERSION, ClusterConfig().digest())
    return hashlib.blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be copied: from which lane, which topic, into which lane, which records."""

    lane: str
    topic: str
    into: str
    selection: ReplaySelection
    ranges: tuple[ReplayRange, ...]

    @property
    def job_id(self) -> str:
        """The job's id."""
        return job_id(self.lane, self.topic, self.into, self.selection, self.ranges)


def begun(plan: Plan, tails: Sequence[int], *, host: str, now: datetime) -> ReplayJob:
    """A job at its first start; `tails` are the ends of the lane's topic, a partition each."""
    return ReplayJob(
        job_id=plan.job_id,
        lane=plan.lane,
        topic=plan.topic,
        into=plan.into,
        selection=plan.selection,
        ranges=plan.ranges,
        tails=tuple(tails),
        state="running",
        attempt=1,
        host=host,
        started_at=now,
        updated_at=now,
        code=code(),
        config=config(),
    )


def moved(job: ReplayJob, positions: Mapping[int, int], now: datetime, **changes: object) -> ReplayJob:
    """The job further on: `positions` by partition, and any fields."""
    ranges = tuple(
        each.model_copy(update={"position": positions.get(each.partition, each.position)}) for each in job.ranges
    )
    return job.model_copy(update={"ranges": ranges, "updated_at": now, **changes})


def total(job: ReplayJob) -> int:
    """Offsets the job covers."""
    return sum(each.end - each.start for each in job.ranges)


def left(job: ReplayJob) -> int:
    """Offsets that have not been looked at."""
    return sum(each.end - each.position for each in job.ranges)


def standing(job: ReplayJob, now: datetime) -> Standing:
    """How the job stands; a running one that has long been silent is interrupted."""
    if job.state == "running" and now - job.updated_at > SILENT:
        return "interrupted"
    return job.state
