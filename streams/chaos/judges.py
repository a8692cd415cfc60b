"""Judges: processes that recompute one row while the next one is at work, which comes first."""

import asyncio
import multiprocessing as mp
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from multiprocessing.connection import Connection

from streams.chaos.oracle import Case, judge
from streams.chaos.recall import Recall
from streams.chaos.row import Result

__all__ = ["judged_here", "judges"]

_CONTEXT = mp.get_context("spawn")
# Lower still, and on a busy machine it would not hear the broker's answers in time.
_BEHIND = 10


@asynccontextmanager
async def judges(count: int) -> AsyncIterator[Callable[[Case], Awaitable[Result]]]:
    """`judge` in one of `count` processes, each of which remembers what it has computed for earlier rows."""
    pairs = [_CONTEXT.Pipe() for _ in range(count)]
    processes = [_CONTEXT.Process(target=_serve, args=(theirs,)) for _, theirs in pairs]
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for process, (ours, theirs) in zip(processes, pairs, strict=True):
        process.start()
        theirs.close()  # so that each of the two hears when the other one ends
        idle.put_nowait(ours)

    async def judged(case: Case) -> Result:
        connection = await idle.get()
        result: Result | Exception = await asyncio.to_thread(_ask, connection, case)
        idle.put_nowait(connection)
        if isinstance(result, Exception):
            raise result
        return result

    try:
        yield judged
    finally:
        for process in processes:
            process.kill()
            process.join()


async def judged_here(case: Case) -> Result:
    """`judge` in this process, by itself."""
    return await judge(case, Recall())


def _ask(connection: Connection, case: Case) -> Result | Exception:
    connection.send(case)
    answer: Result | Exception = connection.recv()
    return answer


def _serve(connection: Connection) -> None:
    """Life of a judge; it ends when nobody is left to ask."""
    os.nice(_BEHIND)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is for who asks to decide
    recall = Recall()
    with suppress(EOFError, OSError):
        while True:
            connection.send(_judged(connection.recv(), recall))


def _judged(case: Case, recall: Recall) -> Result | Exception:
    try:
        return asyncio.run(judge(case, recall))
    except Exception as error:  # noqa: BLE001 - raised where the verdict is waited for
        return error
