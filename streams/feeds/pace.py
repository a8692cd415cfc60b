"""The poller's time: real, or that of a test that runs faster."""

import asyncio
from datetime import datetime
from typing import Protocol

from streams import clock

__all__ = ["REAL", "Pace"]


class Pace(Protocol):
    """An instant, and a way to wait for a later one; schedules and spacings are kept by it."""

    def now(self) -> datetime:
        """The present instant, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many of its seconds."""
        ...


class _Real:
    def now(self) -> datetime:
        return clock.now()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


REAL: Pace = _Real()
