"""Feeds parsed in processes that can be killed: some feeds parse for an hour, or eat all memory."""

import asyncio
import multiprocessing as mp
import os
import resource
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, fields
from math import ceil
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from operator import attrgetter
from types import TracebackType
from typing import Any, Self

from streams.feeds.parse import ParsedEntry, ParsedFeed, ParseFailed, parse_feed

__all__ = ["Parser", "ParserError"]

_CONTEXT = mp.get_context("forkserver")
_START_S = 60.0
_GRACE_S = 2
_HEADROOM = 64 << 20
_ENTRY = attrgetter(*(each.name for each in fields(ParsedEntry)))

_Question = tuple[bytes, str, str | None, str]


class ParserError(RuntimeError):
    """A parser process does not even start, or is no longer there: not the feed's fault."""


def _serve(connection: Connection, deadline_s: float, memory_bytes: int) -> None:
    """Life of a parser process: a question in, an answer out."""
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    bytearray(_HEADROOM)  # with less from the start, every feed would be found guilty
    # After want of memory nothing in here can be relied on any more: as if it had been killed.
    with suppress(EOFError, OSError, MemoryError):  # the poller is gone
        connection.send(os.getpid())
        while True:
            question = connection.recv()
            signal.alarm(ceil(deadline_s) + _GRACE_S)  # ends it, should there be no poller left to do so
            answer = _packed(parse_feed(*question))
            signal.alarm(0)
            connection.send(answer)


# Entries go through the pipe as plain tuples: pickle takes a third of the time that it takes for dataclasses.
def _packed(answer: ParsedFeed | ParseFailed) -> tuple[Any, list[tuple[Any, ...]]]:
    if isinstance(answer, ParseFailed):
        return answer, []
    about = {each.name: getattr(answer, each.name) for each in fields(answer)}
    return about | {"entries": ()}, [_ENTRY(entry) for entry in answer.entries]


def _unpacked(about: Any, rows: list[tuple[Any, ...]]) -> ParsedFeed | ParseFailed:
    if isinstance(about, ParseFailed):
        return about
    return ParsedFeed(**about | {"entries": tuple(ParsedEntry(*row) for row in rows)})


@dataclass(slots=True)
class _Lane:
    """One parser process and the pipe to it; used by one thread at a time."""

    deadline_s: float
    memory_bytes: int
    process: ForkServerProcess | None = None
    connection: Connection = field(init=False)
    closed: bool = False

    def start(self) -> None:
        # As in `streams.edge.pool`: a signal to the whole group ends the poller, which then ends these.
        # The tracker comes first, since starting it opens the door again.
        resource_tracker.ensure_running()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
        try:
            self.connection, theirs = _CONTEXT.Pipe()
            self.process = _CONTEXT.Process(
                target=_serve, args=(theirs, self.deadline_s, self.memory_bytes), daemon=True
            )
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()
        try:
            if not self.connection.poll(_START_S):
                raise ParserError(f"a parser process has not started within {_START_S:g} s")
            self.connection.recv()
        except (EOFError, OSError) as error:
            raise ParserError("a parser process died while it started") from error

    def close(self) -> None:
        """End it for good; whatever it works on is abandoned, and the thread that waits for it is told."""
        self.closed = True
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.join()
            self.connection.close()
            self.process = None

    def ask(self, question: _Question) -> ParsedFeed | ParseFailed:
        """Parse one feed; blocks. A process that died idle, of no fault of this feed, gives it a second chance."""
        answer = self._ask(question)
        if isinstance(answer, ParseFailed) and answer.reason == "memory":
            answer = self._ask(question)
        return answer

    def _ask(self, question: _Question) -> ParsedFeed | ParseFailed:
        if self.closed:
            raise ParserError("the parser was closed")
        if self.process is None:
            self.start()
        try:
            self.connection.send(question)
            if self.connection.poll(self.deadline_s):
                return _unpacked(*self.connection.recv())
            answer = ParseFailed("deadline", f"killed after {self.deadline_s:g} s")
        except (EOFError, OSError):
            answer = ParseFailed("memory", "its process died")
        self.stop()
        return answer


class Parser:
    """Asynchronous context manager over `processes` parsers; each feed has `deadline_s` and `memory_mb`.

    Processes start with the first feeds they get.
    """

    def __init__(self, *, processes: int = 1, deadline_s: float = 10.0, memory_mb: int = 1024) -> None:
        self._lanes = [_Lane(deadline_s, memory_mb << 20) for _ in range(processes)]
        self._threads = ThreadPoolExecutor(processes, "newsloom-parser")
        self._idle: asyncio.LifoQueue[_Lane] = asyncio.LifoQueue()

    async def __aenter__(self) -> Self:
        _CONTEXT.set_forkserver_preload(["streams.feeds.parse"])
        for lane in self._lanes:
            self._idle.put_nowait(lane)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for lane in self._lanes:
            lane.close()
        await asyncio.to_thread(self._threads.shutdown)
        for lane in self._lanes:
            lane.stop()

    async def parse(self, body: bytes, media_type: str, charset: str | None, url: str) -> ParsedFeed | ParseFailed:
        """As `streams.feeds.parse.parse_feed`, with reason `deadline` or `memory` for what had to be killed.

        ParserError when a process cannot be started, or the parser was closed meanwhile.
        """
        lane = await self._idle.get()
        work = asyncio.get_running_loop().run_in_executor(self._threads, lane.ask, (body, media_type, charset, url))
        # Whoever asked may be gone before the answer; the process is free only with it.
        work.add_done_callback(lambda _: self._idle.put_nowait(lane))
        return await asyncio.shield(work)
