"""A blocking iterator, read ahead in a thread, for a coroutine."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable
from typing import TypeVar

__all__ = ["read_ahead"]

T = TypeVar("T")


async def read_ahead(items: Iterable[T], *, limit: int = 4) -> AsyncGenerator[T, None]:
    """The items of `items`, at most `limit` read ahead; an exception of its arises here.

    The thread is a daemon, unlike an executor's: a read of a terminal that never ends
    must not keep Ctrl-C waiting.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[T] | BaseException | None] = asyncio.Queue()
    room = threading.Semaphore(limit)
    stopped = threading.Event()

    def put(item: tuple[T] | BaseException | None) -> None:
        if not stopped.is_set():
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def read() -> None:
        try:
            for item in items:
                room.acquire()
                if stopped.is_set():
                    return
                put((item,))
            put(None)
        except BaseException as error:  # noqa: BLE001 - handed over to the reader
            put(error)

    threading.Thread(target=read, daemon=True, name="newsloom-read-ahead").start()
    try:
        while (item := await queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            room.release()
            yield item[0]
    finally:
        stopped.set()
        room.release()
