"""The composition root: a broker, the topics of a lane, and workers under supervision."""

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from streams.edge.admin import create_topics
from streams.endpoint import Endpoint
from streams.errors import BrokerError, RefusedError, UsageError
from streams.local.broker import Broker, find_broker, open_broker
from streams.local.supervisor import Supervisor
from streams.settings import Settings
from streams.topology import TOPOLOGY

__all__ = ["STAGES", "Running", "connected", "only_one", "running", "scratch"]

_POLL_S = 0.1

STAGES = tuple(stage.name for stage in TOPOLOGY)


@dataclass(frozen=True, slots=True)
class Running:
    """A live system: its broker, its workers' supervisor, and the file its workers log to.

    `supervision` ends before its time only with an error.
    """

    broker: Broker
    settings: Settings
    supervisor: Supervisor
    supervision: asyncio.Task[None]
    log: Path

    def last_words(self, lines: int = 5) -> str:
        """The end of what the workers have logged."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


async def connected(settings: Settings, *, wait_s: float = 0) -> Endpoint:
    """How to reach the broker to use; BrokerError when none answers within `wait_s`, at once when one refuses us."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            broker = await find_broker(settings)
        except RefusedError:
            raise
        except BrokerError:
            if time.monotonic() >= deadline:
                raise
            broker = None
        if broker is not None:
            return broker.endpoint
        if time.monotonic() >= deadline:
            raise BrokerError("no broker is running; start one with `newsloom up`, or name one with --broker HOST:PORT")
        await asyncio.sleep(_POLL_S)


@asynccontextmanager
async def running(
    settings: Settings, *, poller: bool = False, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Running]:
    """A live system for the time of the context: broker if needed, topics, `settings.workers` workers, a `poller`.

    The workers start beside the broker and wait for it: most of their start is imports.
    """
    with _log_file(settings) as output:
        supervisor = Supervisor(settings.broker, settings, STAGES, output, poller)
        stop = asyncio.Event()
        supervision = asyncio.create_task(supervisor.run(stop))
        try:
            async with open_broker(settings, say=say) as broker:
                try:
                    await create_topics(broker.endpoint, settings)
                    yield Running(broker, settings, supervisor, supervision, Path(output.name))
                finally:
                    stop.set()  # the workers end while there still is a broker
                    await supervision
        finally:
            stop.set()
            await supervision


def _log_file(settings: Settings) -> IO[bytes]:
    folder = settings.state_dir / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    # Anew each time: a log that only grows would be a leak.
    return (folder / f"{settings.topic('workers')}.log").open("wb")


@contextmanager
def only_one(settings: Settings) -> Iterator[None]:
    """Hold the lane of a state folder; UsageError when another process holds it."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    path = settings.state_dir / f"{settings.topic('up')}.lock"
    with path.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            raise UsageError(
                f"`newsloom up` already runs on {settings.state_dir} (process {lock.read().strip() or 'unknown'}); "
                "end it, or choose another --lane or NEWSLOOM_STATE_DIR"
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


@contextmanager
def scratch(settings: Settings) -> Iterator[Settings]:
    """The settings with a state folder of their own, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="newsloom-", ignore_cleanup_errors=True) as folder:
        yield settings.model_copy(update={"state_dir": Path(folder)})
