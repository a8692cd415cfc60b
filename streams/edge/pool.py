"""CPU work off the event loop: processes that keep order, with a deadline a document.

A document that overruns its deadline, or takes its process down twice, becomes a dead
letter; the process is replaced and the rest goes on. Each process is served by one thread.
Outcomes come back by chunks: waking the worker for each document would cost more than a stage's codec.
Which document a process is at, and since when, stands in memory that it shares with its thread.
"""

import asyncio
import multiprocessing as mp
import os
import resource
import select
import signal
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from ctypes import Array, c_double
from dataclasses import dataclass, field
from itertools import accumulate
from multiprocessing import forkserver, resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from operator import attrgetter
from typing import Any, Self

from streams.codec import Message, Record
from streams.deadletter import dead_letter
from streams.outcome import Dead
from streams.runner import Handled, handle
from streams.topology import Stage

__all__ = ["Done", "Pool", "PoolError", "load_ahead"]

_CHUNK = 32
_CHUNK_BYTES = 1 << 20
_START_S = 60.0
_HEADROOM = 64 << 20
_CONTEXT = mp.get_context("forkserver")

# What a process is at: the number of the document, and since when by the monotonic clock, which is written first.
_NUMBER, _SINCE = 0, 1

_RECORD = attrgetter(*Record.__dataclass_fields__)
_MESSAGE = attrgetter(*Message.__dataclass_fields__)


class PoolError(RuntimeError):
    """A CPU process does not even start: the machine's fault, not the document's."""


@dataclass(frozen=True, slots=True)
class Done:
    """A handled record and the processor seconds it took."""

    handled: Handled
    seconds: float


def load_ahead() -> None:
    """Have the fork server of this process's pools load the models from now on, if it does not yet; returns at once.

    A worker calls it first of all: the models load while it imports its own half and joins its groups.
    """
    # A service manager signals the whole group. The worker decides when its processes end, so the fork
    # server gets a closed door, and they inherit it. The tracker comes first: starting it opens the door.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    _CONTEXT.set_forkserver_preload(["streams.edge.preload"])
    forkserver.ensure_running()
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(connection: Connection, memory_bytes: int, progress: "Array[c_double]") -> None:
    """Life of a CPU process: a stage and records in, their `Done` out; `progress` says how far it is meanwhile."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    bytearray(_HEADROOM)  # with less from the start, every document would be found guilty
    with suppress(EOFError, OSError):  # the worker is gone
        connection.send(os.getpid())
        while True:
            stage, rows = connection.recv()
            answer = []
            for number, row in enumerate(rows):
                progress[_SINCE], progress[_NUMBER] = time.monotonic(), number
                begun = time.process_time()
                handled = handle(stage, Record(*row))
                answer.append(_packed(handled, time.process_time() - begun))
            connection.send(answer)


# What goes through the pipe are plain tuples: pickle takes a third of the time that it takes for the dataclasses.
def _packed(handled: Handled, seconds: float) -> tuple[Any, ...]:
    messages = tuple(map(_MESSAGE, handled.messages))
    return messages, handled.label, handled.failed, seconds


def _unpacked(messages: tuple[tuple[Any, ...], ...], label: str, failed: bool, seconds: float) -> Done:  # noqa: FBT001 - a row
    return Done(Handled(tuple(Message(*row) for row in messages), label, failed), seconds)


@dataclass(slots=True)
class _Lane:
    """One CPU process and the pipe to it."""

    memory_bytes: int
    process: ForkServerProcess | None = None
    connection: Connection = field(init=False)
    _progress: "Array[c_double]" = field(default_factory=lambda: _CONTEXT.RawArray(c_double, 2))
    _answers: select.poll = field(init=False)
    closed: bool = False

    def start(self) -> None:
        load_ahead()  # the fork server may have died
        self.connection, theirs = _CONTEXT.Pipe()
        self._answers = select.poll()  # the connection's own `poll` makes a selector each time
        self._answers.register(self.connection, select.POLLIN)
        self.process = _CONTEXT.Process(target=_serve, args=(theirs, self.memory_bytes, self._progress), daemon=True)
        self.process.start()
        theirs.close()
        try:
            if not self.connection.poll(_START_S):
                raise PoolError(f"a CPU process has not started within {_START_S:g} s")
            self.connection.recv()
        except (EOFError, OSError) as error:
            raise PoolError("a CPU process died while it started") from error

    def close(self) -> None:
        """End it for good; whatever it works on is abandoned."""
        self.closed = True
        self.stop()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()

    def _exit_code(self) -> int | None:
        if self.process is None:
            return None
        self.process.join(1)
        return self.process.exitcode

    def run(self, stage: Stage, records: Sequence[Record], deadline_s: float) -> list[Done]:
        """Outcome of each record, in order; blocks.

        What takes the process down is told from the rest, and the rest is computed again: it is pure.
        """
        parked: dict[int, Done] = {}
        suspect = -1
        while True:
            open_ones = [number for number in range(len(records)) if number not in parked]
            answer = self._ask(stage, [records[number] for number in open_ones], deadline_s)
            if not isinstance(answer, Dead):
                done = parked | dict(zip(open_ones, answer, strict=True))
                return [done[number] for number in range(len(records))]
            self.stop()
            if self.closed:
                raise PoolError("the pool was closed")
            culprit = open_ones[int(self._progress[_NUMBER])]
            self.start()
            # A process may die of something else, while it is idle even: a document is to blame for the second one.
            if answer.reason == "deadline" or suspect == culprit:
                parked[culprit] = _dead(stage, records[culprit], answer, deadline_s)
            else:
                suspect = culprit

    def _ask(self, stage: Stage, records: Sequence[Record], deadline_s: float) -> list[Done] | Dead:
        """What comes of `records`, or what has ended the process; `_progress` then tells at which of them."""
        self._progress[:] = [0, time.monotonic()]
        try:
            self.connection.send((stage, [_RECORD(record) for record in records]))
            left = deadline_s
            while not self._answers.poll(max(0.0, left) * 1000):
                number, left = self._progress[_NUMBER], self._progress[_SINCE] + deadline_s - time.monotonic()
                if left <= 0 and number == self._progress[_NUMBER]:
                    return Dead("deadline", f"killed after {deadline_s:g} s")
            return [_unpacked(*row) for row in self.connection.recv()]
        except (EOFError, OSError):
            return Dead("memory", f"its process died with exit code {self._exit_code()}")


def _dead(stage: Stage, record: Record, dead: Dead, deadline_s: float) -> Done:
    message = dead_letter(stage.reads, stage.name, record, dead)
    return Done(Handled((message,), f"dead:{dead.reason}"), deadline_s)


def _chunks(records: Sequence[Record], processes: int) -> Iterator[Sequence[Record]]:
    """Large ones first, small ones last: few are handed over, and no process is at work for long when others have none.

    What is in a chunk is in a CPU process's memory all at once, so bytes end it, too.
    """
    while records:
        chunk = records[: min(_CHUNK, -(-len(records) // processes))]
        sizes = accumulate(len(record.value or b"") for record in chunk)
        chunk = chunk[: 1 + sum(size < _CHUNK_BYTES for size in sizes)]
        yield chunk
        records = records[len(chunk) :]


class Pool:
    """`processes` CPU processes shared by all stateless stages of a worker."""

    def __init__(self, *, processes: int, deadline_s: float, memory_mb: int) -> None:
        self._deadline_s = deadline_s
        self._lanes = [_Lane(memory_mb << 20) for _ in range(processes or len(os.sched_getaffinity(0)))]
        self._threads = ThreadPoolExecutor(len(self._lanes), "newsloom-pool")
        self._idle: asyncio.Queue[_Lane | Exception] = asyncio.Queue()
        self._starts: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        # Nobody waits for them but the first records: a worker joins its groups meanwhile.
        self._starts = [asyncio.create_task(self._start(lane)) for lane in self._lanes]
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.gather(*self._starts)
        for lane in self._lanes:
            lane.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _start(self, lane: _Lane) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(self._threads, lane.start)
        except Exception as error:  # noqa: BLE001 - raised where work waits for the process
            self._idle.put_nowait(error)
        else:
            self._idle.put_nowait(lane)

    async def run(self, stage: Stage, records: Sequence[Record]) -> list[Done]:
        """Run a stateless stage over `records` on whatever processes are idle; results in order.

        PoolError when a process cannot be started.
        """
        chunks = _chunks(records, len(self._lanes))
        parts = await asyncio.gather(*(self._run_chunk(stage, chunk) for chunk in chunks))
        return [done for part in parts for done in part]

    async def _run_chunk(self, stage: Stage, chunk: Sequence[Record]) -> list[Done]:
        lane = await self._idle.get()
        if isinstance(lane, Exception):
            raise lane
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, lane.run, stage, chunk, self._deadline_s)
        finally:
            self._idle.put_nowait(lane)
