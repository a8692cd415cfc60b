"""Time that runs faster, the same in all processes of a test, and no faster than all of them can follow."""

import asyncio
import mmap
import struct
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

__all__ = ["START", "FastPace"]

START = datetime(2026, 3, 2, tzinfo=UTC)

_PASSED, _BEAT = struct.Struct("d"), struct.Struct("Q")
_TICK_S = 0.01
_LONGEST_S = 0.02


class FastPace:
    """At most `speed` seconds pass in a second, from `START` on; `path` is a file that two processes share.

    One of them calls `lead`, the other `follow`: a tick of time passes when both got to run, and the broker, which
    the follower asks, answered. So it stands still while the follower is dead or being started, and slows down on
    a busy machine.
    """

    def __init__(self, path: Path, speed: float) -> None:
        self.path, self.speed = path, speed
        if not path.exists():
            path.write_bytes(_PASSED.pack(0.0) + _BEAT.pack(0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _PASSED.size + _BEAT.size)

    def passed(self) -> float:
        """Its seconds since `START`."""
        return float(_PASSED.unpack_from(self._shared)[0])

    def now(self) -> datetime:
        """The present instant of this time."""
        return START + timedelta(seconds=self.passed())

    async def sleep(self, seconds: float) -> None:
        """Wait so many of its seconds."""
        end = self.passed() + seconds
        while (left := end - self.passed()) > 0:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(max(left / self.speed, _TICK_S / 2))

    async def lead(self) -> None:
        """Let time pass, as far as the follower shows that it runs."""
        last_beat, last_at = self._beat(), time.monotonic()
        while True:
            await asyncio.sleep(_TICK_S)
            beat, at = self._beat(), time.monotonic()
            if beat != last_beat:
                step = min(at - last_at, _LONGEST_S) * self.speed
                _PASSED.pack_into(self._shared, 0, self.passed() + step)
            last_beat, last_at = beat, at

    async def follow(self, broker: Callable[[], Awaitable[object]]) -> None:
        """Show that this process runs, and that the broker answers it."""
        while True:
            await broker()
            _BEAT.pack_into(self._shared, _PASSED.size, self._beat() + 1)
            await asyncio.sleep(_TICK_S / 2)

    def _beat(self) -> int:
        return int(_BEAT.unpack_from(self._shared, _PASSED.size)[0])
