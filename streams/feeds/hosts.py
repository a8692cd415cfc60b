"""Per-host politeness: how many requests at a time, and how long between their starts.

A host is known by its registrable domain and by its address: many names of one machine share
its turns. `Ledger` decides, and knows no clock; `Hosts` waits.
"""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

__all__ = ["Hosts", "Ledger", "Spacing", "Visit"]

_FORGET_S = 3600.0


@dataclass(frozen=True, slots=True)
class Spacing:
    """`concurrent` requests to a host at a time, `between_s` from start to start; after a 429 `throttled_s`."""

    concurrent: int = 2
    between_s: float = 5.0
    throttled_s: float = 30.0


@dataclass(slots=True)
class _Host:
    running: int = 0
    free_at: float = 0.0


class Ledger:
    """When each host may next be asked. Times are seconds of any clock that does not go back."""

    def __init__(self, spacing: Spacing) -> None:
        self._spacing = spacing
        self._hosts: dict[str, _Host] = {}

    def ready_at(self, keys: tuple[str, ...]) -> float | None:
        """Earliest start of a request to the host of all `keys`; None while it has all it may have at a time."""
        known = [self._hosts[key] for key in keys if key in self._hosts]
        if any(host.running >= self._spacing.concurrent for host in known):
            return None
        return max((host.free_at for host in known), default=0.0)

    def started(self, keys: tuple[str, ...], now: float) -> None:
        """A request starts; to be called only when `ready_at` is not after `now`."""
        self._forget(now)
        for key in keys:
            host = self._hosts.setdefault(key, _Host())
            host.running += 1
            host.free_at = now + self._spacing.between_s

    def finished(self, keys: tuple[str, ...], now: float, *, throttled: bool, retry_after_s: float | None) -> None:
        """It ended; `throttled` when the host asked for a pause, of `retry_after_s` if it said so."""
        for key in keys:
            host = self._hosts[key]
            host.running -= 1
            if throttled:
                host.free_at = max(host.free_at, now + max(self._spacing.throttled_s, retry_after_s or 0.0))

    def _forget(self, now: float) -> None:
        idle = [key for key, host in self._hosts.items() if not host.running and host.free_at < now - _FORGET_S]
        for key in idle:
            del self._hosts[key]


@dataclass(slots=True)
class Visit:
    """A turn at a host; whoever has it tells here whether the host asked for a pause."""

    throttled: bool = False
    retry_after_s: float | None = None


class Hosts:
    """Turns at hosts, in the order in which they were asked for.

    `now` gives seconds that never go back, `sleep` waits for some: a test scales both.
    """

    def __init__(
        self,
        spacing: Spacing,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._ledger = Ledger(spacing)
        self._now = now
        self._sleep = sleep
        self._queues: defaultdict[str, deque[object]] = defaultdict(deque)
        self._changed = asyncio.Event()

    @asynccontextmanager
    async def turn(self, *keys: str) -> AsyncIterator[Visit]:
        """Wait until the host known by all `keys` may be asked, and hold one of its places meanwhile."""
        keys = tuple(dict.fromkeys(keys))
        await self._start(keys)
        visit = Visit()
        try:
            yield visit
        finally:
            self._ledger.finished(keys, self._now(), throttled=visit.throttled, retry_after_s=visit.retry_after_s)
            self._tell()

    async def _start(self, keys: tuple[str, ...]) -> None:
        ticket = object()
        for key in keys:
            self._queues[key].append(ticket)
        try:
            await self._wait(ticket, keys)
            self._ledger.started(keys, self._now())
        finally:
            for key in keys:
                self._leave(key, ticket)
            self._tell()

    async def _wait(self, ticket: object, keys: tuple[str, ...]) -> None:
        # Tickets stand in the same order in every queue, so the oldest one is always first in all of its own.
        while True:
            first = all(self._queues[key][0] is ticket for key in keys)
            at = self._ledger.ready_at(keys) if first else None
            if at is None:
                await self._changed.wait()
            elif (left := at - self._now()) > 0:
                await self._sleep(left)
            else:
                return

    def _leave(self, key: str, ticket: object) -> None:
        queue = self._queues[key]
        queue.remove(ticket)
        if not queue:
            del self._queues[key]

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
