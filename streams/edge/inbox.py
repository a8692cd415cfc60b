"""Records of one app between fetch and work: what waits, what is in work, and since which seek it counts."""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

__all__ = ["Batch", "Inbox"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Consumer records taken together; `epoch` counts the seeks before they were fetched."""

    records: Sequence[Any]
    epoch: int


class Inbox:
    """A queue that is taken from by batches, one in work at a time, and forgotten as a whole."""

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._waiting: deque[Any] = deque()
        self._in_work: Sequence[Any] = ()
        self._arrived = asyncio.Event()
        self._roomy = asyncio.Event()
        self._settled = asyncio.Event()
        self._roomy.set()
        self._settled.set()
        self.epoch = 0

    def __len__(self) -> int:
        return len(self._in_work) + len(self._waiting)

    def oldest(self) -> dict[int, int]:
        """When the broker took the first record of each partition that waits or is in work, Unix time in ms."""
        found: dict[int, int] = {}
        for record in chain(self._in_work, self._waiting):
            found.setdefault(record.partition, record.timestamp)
        return found

    def put(self, records: Sequence[Any]) -> None:
        """Append what was fetched."""
        self._waiting.extend(records)
        self._arrived.set()
        self._note_room()

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._note_room()

    def renew(self) -> None:
        """Forget what waits, and that anything is in work: a seek has it fetched again."""
        self.clear()
        self.epoch += 1

    def _note_room(self) -> None:
        (self._roomy.set if len(self._waiting) < self._capacity else self._roomy.clear)()

    async def room(self) -> None:
        """Wait until fewer records wait than the capacity."""
        await self._roomy.wait()

    async def take(self, most: int, within_s: float) -> Batch:
        """Up to `most` records: sleeps until there is one, then waits up to `within_s` for more.

        The batch is in work until `done` is called.
        """
        while True:
            await self._until(1)
            if len(self._waiting) < most:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._until(most), within_s)
            if self._waiting:  # else forgotten meanwhile
                break
        taken = list(islice(self._waiting, most))
        for _ in taken:
            self._waiting.popleft()
        self._in_work = taken
        self._settled.clear()
        self._note_room()
        return Batch(taken, self.epoch)

    async def _until(self, count: int) -> None:
        while len(self._waiting) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def done(self) -> None:
        """The batch taken last is no longer in work."""
        self._in_work = ()
        self._settled.set()

    async def settled(self) -> None:
        """Wait until nothing is in work."""
        await self._settled.wait()
