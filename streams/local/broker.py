"""The broker to use: one that is given, one of ours that runs, or one started now. Never a mock."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from streams.errors import BrokerError
from streams.local.class_archive import making_archive
from streams.local.folder import Folder
from streams.local.kafka import EmbeddedKafka
from streams.local.probe import probe
from streams.local.process import alive
from streams.local.runtime import ready_runtime
from streams.settings import Settings

__all__ = ["Broker", "broker_root", "find_broker", "open_broker"]

_GIVEN_S = 8.0
_RUNNING_S = 2.0
_OTHER_START_S = 60.0
_OURS = ("auto", "embedded")


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that answered. `pid` is its process when it is an embedded one."""

    bootstrap: str
    kind: Literal["given", "running", "embedded"]
    pid: int | None


def broker_root(settings: Settings) -> Path:
    """Folder of the embedded broker that keeps its data."""
    return settings.state_dir / "kafka"


async def find_broker(settings: Settings) -> Broker | None:
    """A broker that is there: the given one, or ours if it runs; None when ours does not.

    BrokerError when a given one does not answer.
    """
    if settings.broker not in _OURS:
        await probe(settings.broker, limit_s=_GIVEN_S)
        return Broker(settings.broker, "given", None)
    return await _running(broker_root(settings))


@asynccontextmanager
async def open_broker(
    settings: Settings, *, ephemeral: bool = False, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Broker]:
    """Have a broker for the time of the context; one that was started for it is stopped after it.

    `auto` and `embedded` share the running broker of the state folder; `ephemeral` starts
    one of its own in a temporary folder. `say` gets a line for people now and then.
    Enter it in the event loop's thread. BrokerError when there is none to be had.
    """
    if settings.broker not in _OURS:
        await probe(settings.broker, limit_s=_GIVEN_S)
        yield Broker(settings.broker, "given", None)
        return
    if ephemeral:
        root = Path(tempfile.mkdtemp(prefix="newsloom-kafka-"))
        try:
            async with _embedded(root, settings, say) as broker:
                yield broker
        finally:
            shutil.rmtree(root, ignore_errors=True)
        return
    running = await _settled(broker_root(settings))
    if running is not None:
        yield running
        return
    async with _embedded(broker_root(settings), settings, say) as broker:
        yield broker


@asynccontextmanager
async def _embedded(root: Path, settings: Settings, say: Callable[[str], None]) -> AsyncIterator[Broker]:
    runtime = await asyncio.to_thread(ready_runtime, settings, say)
    kafka = EmbeddedKafka(root, runtime, say=say)
    await kafka.start()
    try:
        async with making_archive(runtime, kafka.folder.class_list):
            yield Broker(kafka.bootstrap, "embedded", kafka.pid)
    finally:
        await kafka.stop()


async def _settled(root: Path) -> Broker | None:
    """The running broker, waiting for one that is just starting or ending; None when the folder is free."""
    deadline = time.monotonic() + _OTHER_START_S
    while time.monotonic() < deadline:
        if (running := await _running(root)) is not None:
            return running
        if _free(root):
            return None
        await asyncio.sleep(0.1)
    raise BrokerError(f"a broker holds {root} but does not answer; end it, or give --broker HOST:PORT")


async def _running(root: Path) -> Broker | None:
    owned = Folder(root).owned()
    # A broker whose owner has ended is about to end.
    if owned is None or not alive(owned.owner) or _free(root):
        return None
    try:
        answer = await probe(owned.bootstrap, limit_s=_RUNNING_S)
    except BrokerError:
        return None
    return Broker(owned.bootstrap, "running", owned.pid) if answer.cluster_id == owned.cluster_id else None


def _free(root: Path) -> bool:
    folder = Folder(root)
    if not root.exists() or folder.try_lock():
        folder.unlock()
        return True
    return False
