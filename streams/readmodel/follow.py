"""Keeps the read model level with the topics: one process writes, others wait for their turn and only read."""

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.readmodel.database import discard, made_for, only_writer, open_reader, open_writer, path_of, reset
from streams.readmodel.followed import COMPACTED
from streams.readmodel.log import Log, open_log
from streams.readmodel.store import Place, apply, forget, positions
from streams.settings import Settings

__all__ = ["Follower", "Standing", "caught_up", "start_offsets"]

log = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH = 500
_WAIT_MS = 200
_AGAIN_S = 1.0
_FORGET_EVERY_S = 60.0
_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the read model is: `lag` in records, None when the broker does not say.

    `level_at` is the monotonic time at which it was last level with the topics, None when it
    has not been since this process began to look. `writes` says whether it is this process that
    keeps it; `applied` counts the records it has applied.
    """

    writes: bool = False
    lag: int | None = None
    level_at: float | None = None
    applied: int = 0

    def behind_s(self, at: float) -> float | None:
        """Seconds since it was last level, at the monotonic time `at`; 0 while it is."""
        if self.lag == 0:
            return 0.0
        return None if self.level_at is None else max(0.0, at - self.level_at)


def start_offsets(
    known: Mapping[Place, int], bounds: Mapping[Place, tuple[int, int]], keep: int
) -> dict[Place, int] | None:
    """Where to read on; None when `known` cannot be of these topics, and all must be built anew.

    `keep` is how many of the last offsets of a partition count; of a compacted topic all do.
    """
    if any(place not in bounds or offset > bounds[place][1] for place, offset in known.items()):
        return None
    return {place: max(known.get(place, 0), _lowest(place, low, high, keep)) for place, (low, high) in bounds.items()}


def _lowest(place: Place, low: int, high: int, keep: int) -> int:
    return low if place[0] in COMPACTED else max(low, high - keep)


class _Writer:
    """The database in a thread of its own: the event loop never waits for the disk."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self._path = path
        self._keep = settings.read_model_records
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="readmodel-writer")
        self._db: sqlite3.Connection | None = None

    async def run(self, work: Callable[..., T], *args: Any) -> T:
        """Do `work` on the database."""

        def called() -> T:
            if self._db is None:
                self._db = open_writer(self._path)
            return work(self._db, *args)

        return await asyncio.get_running_loop().run_in_executor(self._thread, called)

    async def ready(self, topics: Log) -> dict[Place, int]:
        """Where to read on, after making everything anew when it was made for another cluster or other topics."""
        bounds = await topics.bounds()

        def check(db: sqlite3.Connection) -> dict[Place, int]:
            same = made_for(db) == {"cluster": topics.cluster}
            start = start_offsets(positions(db), bounds, self._keep) if same else None
            if start is None:
                reset(db, cluster=topics.cluster)
                start = start_offsets({}, bounds, self._keep) or {}
            return start

        return await self.run(check)

    async def forget(self, topics: Log, after: Mapping[Place, int]) -> None:
        """Remove what the topics have forgotten, and what is more than is wanted."""
        bounds = await topics.bounds()
        lowest = {
            place: _lowest(place, low, after[place], self._keep)
            for place, (low, _) in bounds.items()
            if place[0] not in COMPACTED
        }
        await self.run(forget, lowest)

    async def close(self) -> None:
        """End, after what is under way."""

        def close() -> None:
            if self._db is not None:
                self._db.close()

        await asyncio.shield(asyncio.get_running_loop().run_in_executor(self._thread, close))
        self._thread.shutdown(wait=False)


class Follower:
    """Follows the topics of a lane for as long as `run` runs; `standing` says how far it is."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self.standing = Standing()
        self.path = path_of(settings)
        self._endpoint = endpoint
        self._settings = settings

    async def run(self) -> None:
        """Follow until cancelled. A broker that is away, or topics that are not there yet, are waited for."""
        while True:
            try:
                async with open_log(self._endpoint, self._settings) as topics:
                    while True:
                        await self._turn(topics)
                        await asyncio.sleep(_AGAIN_S)
            except (BrokerError, sqlite3.DatabaseError) as error:
                log.warning("read model: %s; trying again", error)
                self._stand(writes=False, lag=None)
            await asyncio.sleep(_AGAIN_S)

    async def _turn(self, topics: Log) -> None:
        with only_writer(self.path) as mine:
            if mine:
                try:
                    async for _ in self.written(topics):
                        pass
                except sqlite3.DatabaseError as error:
                    if not isinstance(error, sqlite3.OperationalError):
                        log.warning("the read model is damaged and built anew: %s", error)
                        discard(self.path)
                    raise
        await self._glance(topics)

    async def written(self, topics: Log) -> AsyncIterator[bool]:
        """Write, and say after each batch whether the read model is level; the caller holds the lock."""
        async with _writing(self.path, self._settings) as writer:
            topics.go_to(after := await writer.ready(topics))
            await writer.forget(topics, after)
            cleaned = time.monotonic()
            while True:
                records, reached = await topics.batch(_BATCH, _WAIT_MS)
                if records or reached != after:
                    await writer.run(apply, records, reached)
                    after = reached
                self._stand(writes=True, lag=topics.lag(after), applied=len(records))
                if time.monotonic() - cleaned > _FORGET_EVERY_S:
                    await writer.forget(topics, after)
                    cleaned = time.monotonic()
                yield self.standing.lag == 0

    async def _glance(self, topics: Log) -> None:
        """See how far the process is that does write."""
        bounds = await topics.bounds()
        known = await asyncio.to_thread(_read_positions, self.path)
        lag = None if known is None else sum(max(0, high - known.get(place, 0)) for place, (_, high) in bounds.items())
        self._stand(writes=False, lag=lag)

    def _stand(self, *, writes: bool, lag: int | None, applied: int = 0) -> None:
        level_at = time.monotonic() if lag == 0 else self.standing.level_at
        self.standing = Standing(writes, lag, level_at, self.standing.applied + applied)


@asynccontextmanager
async def _writing(path: Path, settings: Settings) -> AsyncIterator[_Writer]:
    writer = _Writer(path, settings)
    try:
        yield writer
    finally:
        await writer.close()


def _read_positions(path: Path) -> dict[Place, int] | None:
    try:
        connection = open_reader(path)
    except sqlite3.OperationalError:
        return None
    try:
        return positions(connection)
    except sqlite3.DatabaseError:
        return None
    finally:
        connection.close()


async def caught_up(endpoint: Endpoint, settings: Settings, *, patience_s: float = _PATIENCE_S) -> Path:
    """The read model, level with the topics as they were at the call; its path.

    When another process keeps it, that is waited for; BrokerError when it does not get there in time.
    """
    follower = Follower(endpoint, settings)
    async with open_log(endpoint, settings) as topics:
        deadline = time.monotonic() + patience_s
        while True:
            with only_writer(follower.path) as mine:
                if mine:
                    await _until_level(follower, topics)
                    return follower.path
            await follower._glance(topics)  # noqa: SLF001 - the same module
            if follower.standing.lag == 0:
                return follower.path
            if time.monotonic() > deadline:
                raise BrokerError(f"the process that keeps {follower.path} is {follower.standing.lag} records behind")
            await asyncio.sleep(_AGAIN_S / 10)


async def _until_level(follower: Follower, topics: Log) -> None:
    written = follower.written(topics)
    try:
        async for level in written:
            if level:
                return
    finally:
        await written.aclose()  # type: ignore[attr-defined]
