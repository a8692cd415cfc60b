"""A blocking iterator read ahead for a coroutine: order, bounds, errors, an early end."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import aclosing

import pytest

from streams.ingest.feed import read_ahead


async def test_items_come_in_order_and_all_of_them() -> None:
    assert [item async for item in read_ahead(iter(range(100)), limit=3)] == list(range(100))


async def test_no_more_is_read_ahead_than_the_limit() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(50):
            taken = number + 1
            yield number

    async with aclosing(read_ahead(items(), limit=2)) as ahead:
        assert await anext(ahead) == 0
        await asyncio.sleep(0.2)
        assert taken <= 4


async def test_an_error_of_the_iterator_arises_behind_its_items() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise OSError("disk")

    ahead = read_ahead(items())
    assert await anext(ahead) == 1
    with pytest.raises(OSError, match="disk"):
        await anext(ahead)


async def test_the_loop_stays_free_while_an_item_is_awaited() -> None:
    release = threading.Event()

    def items() -> Iterator[int]:
        release.wait(10)
        yield 1

    async def free() -> None:
        await asyncio.sleep(0.01)
        release.set()

    begun = time.monotonic()
    found, _ = await asyncio.gather(anext(read_ahead(items())), free())
    assert found == 1
    assert time.monotonic() - begun < 5


async def test_leaving_early_stops_the_thread() -> None:
    threads = threading.active_count()
    async with aclosing(read_ahead(iter(range(1000)), limit=1)) as ahead:
        await anext(ahead)
    for _ in range(1000):
        if threading.active_count() <= threads:
            break
        await asyncio.sleep(0.02)
    assert threading.active_count() <= threads
