"""A real Apache Kafka, one KRaft node, as a child process on the loopback interface.

It ends with its parent, whatever ends the parent: see `tether.py` for the thread to start it from.
"""

import asyncio
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.local.class_archive import archive_of, sharing_flags
from streams.local.folder import Folder, Identity, Owned, free_ports, new_id
from streams.local.format import format_data, template_of
from streams.local.jars import read_lock
from streams.local.probe import probe
from streams.local.process import ended, spawn
from streams.local.properties import QUICK_MS, server_properties
from streams.local.runtime import Runtime

__all__ = ["EmbeddedKafka"]

_READY_S = 120.0
_PROBE_S = 2.0
_POLL_S = 0.02
_STOP_S = 5.0
_BROKER = (
    *("-Xms32m", "-Xmx160m", "-XX:+ExitOnOutOfMemoryError", "-XX:ErrorFile=hs_err.log", "-Djava.awt.headless=true"),
    # Else each thread keeps a buffer outside the heap as large as the largest record it has seen.
    "-Djdk.nio.maxCachedBufferSize=262144",
    *("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true"),
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


class _ExitedError(Exception):
    """The broker ended before it was ready."""


class EmbeddedKafka:
    """One broker on one folder; `start`, `stop` and `kill` may follow each other, the port stays.

    The folder's lock is held from `start` to `stop`, over a `kill` too. Whoever creates it calls `stop`.
    `door` and `session_ms` are those of `server_properties`.
    """

    def __init__(
        self,
        root: Path,
        runtime: Runtime,
        *,
        say: Callable[[str], None] = lambda _: None,
        door: tuple[int, int] | None = None,
        session_ms: int = QUICK_MS,
    ) -> None:
        self.folder = Folder(root)
        self.runtime = runtime
        self._say = say
        self._door = door
        self._session_ms = session_ms
        self._plain = False
        self._identity: Identity | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """HOST:PORT; known once started."""
        if self._identity is None:
            raise RuntimeError("the broker has not been started")
        return f"127.0.0.1:{self._identity.port}"

    @property
    def endpoint(self) -> Endpoint:
        """How to reach it, once started: plaintext, and on the loopback interface only."""
        return Endpoint(self.bootstrap)

    @property
    def pid(self) -> int | None:
        """Its process, while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    async def start(self) -> None:
        """Start and wait until it takes requests; BrokerError with the end of its log when it does not.

        Data that is another cluster's, another Kafka's or damaged is set aside, and an empty broker started.
        """
        if self._process is not None:
            raise RuntimeError("the broker has been started")
        if not self.folder.locked and not self.folder.try_lock():
            raise BrokerError(f"another broker uses {self.folder.root}")
        try:
            await self._start_somehow()
        except OSError as error:
            self._abandon()
            raise BrokerError(f"no broker can be kept in {self.folder.root}: {error}") from error
        except BaseException:
            self._abandon()
            raise

    async def _start_somehow(self) -> None:
        """A broker that will not start lost its port, or has bad data: change one after the other, and see."""
        reused = await asyncio.to_thread(self._prepare)
        try:
            return await self._launch()
        except _ExitedError as error:
            first = BrokerError(str(error))
        try:
            await self._launch_plainly(reused=reused)
        except _ExitedError:
            if not reused:
                raise first from None
        else:
            return None
        await self._launch_on_new_data(first)
        return None

    async def _launch_plainly(self, *, reused: bool) -> None:
        """Launch on other ports, with nothing that only saves time; if it helps, that is made anew."""
        if not reused:
            shutil.rmtree(self.folder.data)
        if self._identity is not None:
            self._settle(replace(self._identity, port=0, controller_port=0))
        self._plain = True
        try:
            await self._prepare_and_launch()
        finally:
            self._plain = False
        archive_of(self.runtime).unlink(missing_ok=True)
        shutil.rmtree(template_of(self.runtime), ignore_errors=True)

    async def _launch_on_new_data(self, first: BrokerError) -> None:
        """See whether it is the data; when a broker without it fails as well, it goes back."""
        identity, aside = self._identity, self.folder.set_aside()
        try:
            await self._prepare_and_launch()
        except _ExitedError:
            self.folder.put_back(aside, identity)
            raise first from None
        except BaseException:
            self.kill()
            self.folder.put_back(aside, identity)
            raise
        self._say(f"Kafka could not start on its data: it is kept in {aside}, the broker is empty")

    async def _prepare_and_launch(self) -> None:
        await asyncio.to_thread(self._prepare)
        await self._launch()

    def _prepare(self) -> bool:
        """Make the folder one that a broker can start on; True when it has data already."""
        kafka = read_lock().kafka
        if flaw := self.folder.flaw(kafka):
            self._say(f"the broker's data {flaw}: it is kept in {self.folder.set_aside()}, the broker is empty")
        known = self.folder.identity()
        port, controller_port = free_ports((known.port, known.controller_port)) if known else free_ports()
        reused = known is not None and (self.folder.data / "meta.properties").exists()
        cluster = known.cluster_id if known and reused else new_id()
        self._settle(Identity(kafka, cluster, port, controller_port))
        if not reused:
            template = None if self._plain else template_of(self.runtime)
            format_data(self.folder.data, self.folder.properties, cluster, self.runtime, template=template)
        return reused

    def _settle(self, identity: Identity) -> None:
        properties = server_properties(
            self.folder.data,
            port=identity.port,
            controller_port=identity.controller_port,
            door=self._door,
            session_ms=self._session_ms,
        )
        self.folder.properties.write_text(properties)
        self.folder.identify(identity)
        self._identity = identity

    async def _launch(self) -> None:
        self.folder.turn_log()
        flags = [*_BROKER, *([] if self._plain else sharing_flags(self.runtime, self.folder.class_list))]
        self._process = spawn(
            [*self.runtime.command(*flags), "kafka.Kafka", str(self.folder.properties)],
            folder=self.folder.root,
            log=self.folder.log,
            keep=[self.folder.lock],
        )
        cluster = await self._until_ready(self._process)
        self.folder.announce(Owned(self.bootstrap, self._process.pid, os.getpid(), cluster))

    async def _until_ready(self, process: subprocess.Popen[bytes]) -> str:
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if process.poll() is not None:
                self._process = None
                raise _ExitedError(f"Kafka ended with {process.returncode}; its log ends:\n{self.folder.log_tail()}")
            try:
                answer = await probe(self.endpoint, limit_s=_PROBE_S)
            except BrokerError:
                await asyncio.sleep(_POLL_S)
                continue
            # Until the controller has let it in, the broker answers but leads nothing.
            if self.bootstrap in answer.brokers:
                return answer.cluster_id
            await asyncio.sleep(_POLL_S)
        raise BrokerError(f"Kafka was not ready after {_READY_S:g} s; its log ends:\n{self.folder.log_tail()}")

    def kill(self) -> None:
        """SIGKILL, as a crash would; `start` brings it back with the same data and port."""
        self.folder.retract()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    async def stop(self) -> None:
        """Stop in order, by force after 5 s, and let go of the folder."""
        self.folder.retract()
        if self._process is not None:
            self._process.terminate()
            await ended(self._process, limit_s=_STOP_S)
        self._abandon()

    def _abandon(self) -> None:
        self.kill()
        self.folder.unlock()
        self._identity = None
