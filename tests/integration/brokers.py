"""Brokers of a test's own, their ports, and the folders they leave."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from streams.local.kafka import EmbeddedKafka
from streams.local.runtime import Runtime

__all__ = ["found", "reserved", "silent", "started", "until"]


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


@contextmanager
def reserved(count: int) -> Iterator[list[int]]:
    """Ports that the system gives nobody else meanwhile: they are bound, and who knows one may listen on it."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            each.bind(("127.0.0.1", 0))
        yield [each.getsockname()[1] for each in sockets]


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
