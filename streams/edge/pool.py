"""CPU work off the event loop: processes that keep order, with a deadline a document.

A document that overruns its deadline, or takes its process down, becomes a dead letter;
the process is replaced and the rest goes on. Each process is served by one thread.
"""

import asyncio
import multiprocessing as mp
import os
import resource
import signal
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Self

from streams.codec import Record
from streams.deadletter import dead_letter
from streams.outcome import Dead
from streams.runner import Handled, handle
from streams.topology import Stage

__all__ = ["Done", "Pool", "PoolError"]

_CHUNK = 8
_START_S = 60.0
_CONTEXT = mp.get_context("forkserver")


class PoolError(RuntimeError):
    """A CPU process does not even start: the machine's fault, not the document's."""


@dataclass(frozen=True, slots=True)
class Done:
    """A handled record and the seconds it took."""

    handled: Handled
    seconds: float


def _serve(connection: Connection, memory_bytes: int) -> None:
    """Life of a CPU process: a stage and records in, one `Done` out for each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    connection.send(os.getpid())
    while True:
        try:
            stage, records = connection.recv()
        except (EOFError, OSError):
            return
        for record in records:
            begun = time.perf_counter()
            handled = handle(stage, record)
            connection.send(Done(handled, time.perf_counter() - begun))


@dataclass(slots=True)
class _Lane:
    """One CPU process and the pipe to it."""

    memory_bytes: int
    process: ForkServerProcess = field(init=False)
    connection: Connection = field(init=False)

    def start(self) -> None:
        self.connection, theirs = _CONTEXT.Pipe()
        self.process = _CONTEXT.Process(target=_serve, args=(theirs, self.memory_bytes), daemon=True)
        self.process.start()
        theirs.close()
        try:
            if not self.connection.poll(_START_S):
                raise PoolError(f"a CPU process has not started within {_START_S:g} s")
            self.connection.recv()
        except (EOFError, OSError) as error:
            raise PoolError("a CPU process died while it started") from error

    def stop(self) -> None:
        self.process.kill()
        self.process.join()
        self.connection.close()

    def run(self, stage: Stage, records: Sequence[Record], deadline_s: float) -> list[Done]:
        """Outcome of each record, in order; blocks."""
        done: list[Done] = []
        while len(done) < len(records):
            reason = self._advance(stage, records, done, deadline_s)
            if reason is not None:
                self.stop()
                self.start()
                done.append(_dead(stage, records[len(done)], reason, deadline_s))
        return done

    def _advance(self, stage: Stage, records: Sequence[Record], done: list[Done], deadline_s: float) -> Dead | None:
        try:
            self.connection.send((stage, records[len(done) :]))
            while len(done) < len(records):
                if not self.connection.poll(deadline_s):
                    return Dead("deadline", f"killed after {deadline_s:g} s")
                done.append(self.connection.recv())
        except (EOFError, OSError):
            self.process.join(1)
            return Dead("memory", f"its process died with exit code {self.process.exitcode}")
        return None


def _dead(stage: Stage, record: Record, dead: Dead, deadline_s: float) -> Done:
    message = dead_letter(stage.reads, stage.name, record, dead)
    return Done(Handled((message,), f"dead:{dead.reason}"), deadline_s)


class Pool:
    """`processes` CPU processes shared by all stateless stages of a worker."""

    def __init__(self, *, processes: int, deadline_s: float, memory_mb: int) -> None:
        self._deadline_s = deadline_s
        self._lanes = [_Lane(memory_mb << 20) for _ in range(processes or os.cpu_count() or 1)]
        self._threads = ThreadPoolExecutor(len(self._lanes), "newsloom-pool")
        self._idle: asyncio.Queue[_Lane] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        _CONTEXT.set_forkserver_preload(["streams.edge.preload"])
        for lane in self._lanes:
            await asyncio.to_thread(lane.start)
            self._idle.put_nowait(lane)
        return self

    async def __aexit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.stop()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def run(self, stage: Stage, records: Sequence[Record]) -> list[Done]:
        """Run a stateless stage over `records` on whatever processes are idle; results in order.

        PoolError when a process cannot be replaced.
        """
        chunks = [records[start : start + _CHUNK] for start in range(0, len(records), _CHUNK)]
        parts = await asyncio.gather(*(self._run_chunk(stage, chunk) for chunk in chunks))
        return [done for part in parts for done in part]

    async def _run_chunk(self, stage: Stage, chunk: Sequence[Record]) -> list[Done]:
        lane = await self._idle.get()
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lane.run, stage, chunk, self._deadline_s)
        finally:
            self._idle.put_nowait(lane)
