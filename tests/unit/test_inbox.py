"""What waits between fetch and work: taken in order by batches, forgotten as a whole."""

import asyncio

import pytest

from streams.edge.inbox import Inbox

SOON_S = 0.05
LONG_S = 30.0


async def test_a_batch_is_what_waits_in_order_and_no_more_than_asked_for() -> None:
    inbox = Inbox(10)
    inbox.put([1, 2, 3])
    inbox.put([4, 5])
    assert (await inbox.take(4, LONG_S)).records == [1, 2, 3, 4]
    assert (await inbox.take(4, SOON_S)).records == [5]


async def test_it_sleeps_until_something_comes_and_waits_a_little_for_more() -> None:
    inbox = Inbox(10)
    taking = asyncio.create_task(inbox.take(2, LONG_S))
    await asyncio.sleep(0)
    assert not taking.done()
    inbox.put([1])
    await asyncio.sleep(SOON_S)
    assert not taking.done()
    inbox.put([2])
    assert (await taking).records == [1, 2]


async def test_what_is_forgotten_is_not_taken() -> None:
    inbox = Inbox(10)
    taking = asyncio.create_task(inbox.take(2, SOON_S))
    inbox.put([1])
    await asyncio.sleep(0)
    inbox.clear()
    await asyncio.sleep(3 * SOON_S)
    assert not taking.done()
    inbox.put([2])
    assert (await taking).records == [2]


async def test_there_is_room_until_as_many_wait_as_it_holds() -> None:
    inbox = Inbox(2)
    inbox.put([1])
    await inbox.room()
    inbox.put([2])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(inbox.room(), SOON_S)
    await inbox.take(1, LONG_S)
    await inbox.room()


async def test_it_is_settled_when_the_batch_in_work_is_done() -> None:
    inbox = Inbox(2)
    await inbox.settled()
    inbox.put([1])
    await inbox.take(1, LONG_S)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(inbox.settled(), SOON_S)
    inbox.done()
    await inbox.settled()


async def test_a_batch_knows_whether_a_seek_came_after_it() -> None:
    inbox = Inbox(2)
    inbox.put([1, 2])
    batch = await inbox.take(1, LONG_S)
    assert batch.epoch == inbox.epoch
    inbox.clear()
    assert batch.epoch == inbox.epoch
    inbox.renew()
    assert batch.epoch != inbox.epoch
