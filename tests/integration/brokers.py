"""Brokers of a test's own, and the folders they leave."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from streams.local.kafka import EmbeddedKafka
from streams.local.runtime import Runtime

__all__ = ["found", "silent", "started", "until"]


def silent(_: str) -> None:
    """Nobody listens."""


@asynccontextmanager
async def started(root: Path, runtime: Runtime, say: Callable[[str], None] = silent) -> AsyncIterator[EmbeddedKafka]:
    kafka = EmbeddedKafka(root, runtime, say=say)
    await kafka.start()
    try:
        yield kafka
    finally:
        await kafka.stop()


async def until(condition: Callable[[], bool], limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.05)
    return True


def found(folder: Path, pattern: str) -> list[str]:
    """Names in `folder` that match."""
    return sorted(path.name for path in folder.glob(pattern))
