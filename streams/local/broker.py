"""The broker to use: one that is given, one of ours that runs, or one started now. Never a mock."""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from streams.endpoint import Endpoint, endpoint_at, without_security
from streams.errors import BrokerError
from streams.local.class_archive import making_archive
from streams.local.folder import Folder
from streams.local.kafka import EmbeddedKafka
from streams.local.probe import probe
from streams.local.process import alive
from streams.local.properties import PATIENT_MS, QUICK_MS
from streams.local.runtime import ready_runtime
from streams.settings import Settings

__all__ = ["Broker", "broker_root", "find_broker", "open_broker"]

_GIVEN_S = 8.0
_RUNNING_S = 5.0
_OTHER_START_S = 120.0
_POLL_S = 0.1
_TEMPORARY = "newsloom-kafka-"
_OURS = ("auto", "embedded")


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker that answered. `pid` is its process when it is an embedded one."""

    endpoint: Endpoint
    kind: Literal["given", "running", "embedded"]
    pid: int | None

    @property
    def bootstrap(self) -> str:
        """Its addresses, as a setting has them."""
        return self.endpoint.bootstrap


def broker_root(settings: Settings) -> Path:
    """Folder of the embedded broker that keeps its data."""
    return settings.state_dir / "kafka"


async def find_broker(settings: Settings) -> Broker | None:
    """A broker that is there: the given one, or ours if it runs; None when ours does not.

    BrokerError when a given one does not answer.
    """
    return await _given(settings) or await _running(broker_root(settings))


@asynccontextmanager
async def open_broker(
    settings: Settings, *, ephemeral: bool = False, say: Callable[[str], None] = lambda _: None
) -> AsyncIterator[Broker]:
    """Have a broker for the time of the context; one that was started for it is stopped after it.

    `auto` and `embedded` share the running broker of the state folder; `ephemeral` starts
    one of its own in a temporary folder. `say` gets a line for people now and then.
    Enter it in the event loop's thread. BrokerError when there is none to be had.
    """
    if (there := await (_given(settings) if ephemeral else find_broker(settings))) is not None:
        yield there
        return
    runtime = await asyncio.to_thread(ready_runtime, settings, say)
    with _root(settings, ephemeral=ephemeral) as root:
        kafka = EmbeddedKafka(root, runtime, say=say, session_ms=PATIENT_MS if ephemeral else QUICK_MS)
        if (running := await _running_or_locked(kafka.folder)) is not None:
            yield running
            return
        await kafka.start()
        try:
            async with making_archive(runtime, kafka.folder.class_list):
                yield Broker(kafka.endpoint, "embedded", kafka.pid)
        finally:
            await kafka.stop()


async def _given(settings: Settings) -> Broker | None:
    if settings.broker in _OURS:
        without_security(settings, "the embedded broker has none; name the cluster by --broker HOST:PORT")
        return None
    endpoint = endpoint_at(settings.broker, settings)
    await probe(endpoint, limit_s=_GIVEN_S)
    return Broker(endpoint, "given", None)


async def _running(root: Path) -> Broker | None:
    owned = Folder(root).owned()
    # A broker whose owner has ended is about to end.
    if owned is None or not alive(owned.owner):
        return None
    try:
        answer = await probe(Endpoint(owned.bootstrap), limit_s=_RUNNING_S)
    except BrokerError:
        return None
    return Broker(Endpoint(owned.bootstrap), "running", owned.pid) if answer.cluster_id == owned.cluster_id else None


@contextmanager
def _root(settings: Settings, *, ephemeral: bool) -> Iterator[Path]:
    if not ephemeral:
        yield broker_root(settings)
        return
    _sweep()
    root = Path(tempfile.mkdtemp(prefix=_TEMPORARY))
    try:
        yield root
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _sweep() -> None:
    """Remove the temporary folders of brokers whose owners were killed."""
    for root in Path(tempfile.gettempdir()).glob(f"{_TEMPORARY}*"):
        folder = Folder(root)
        # Without a lock file it is just being made, or removed.
        with suppress(FileNotFoundError):
            if (root / "lock").stat().st_uid == os.getuid() and folder.try_lock():
                shutil.rmtree(root, ignore_errors=True)
                folder.unlock()


async def _running_or_locked(folder: Folder) -> Broker | None:
    """The broker that another process runs, or is just starting; None once the folder's lock is ours."""
    deadline = time.monotonic() + _OTHER_START_S
    while not folder.try_lock():
        if (running := await _running(folder.root)) is not None:
            return running
        if time.monotonic() > deadline:
            raise BrokerError(f"a broker holds {folder.root} but does not answer; end it, or give --broker HOST:PORT")
        await asyncio.sleep(_POLL_S)
    return None
