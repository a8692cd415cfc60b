"""When a consumer commits: at once after a pause, at most once an interval in a stream, again after a failure."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from streams.edge.consumer import SafeConsumer

INTERVAL_S = 0.2


class Committing:
    """What the handler needs of its consumer; `answers` says how the commits end."""

    def __init__(self, answers: Sequence[bool] = ()) -> None:
        self._commit_due = asyncio.Event()
        self._frontiers: dict[Any, Any] = {}
        self.commit_interval = INTERVAL_S
        self.should_stop = False
        self.commits: list[float] = []
        self._answers = list(answers)
        self._open = False

    def ack(self) -> None:
        self._open = True
        self._commit_due.set()

    async def commit(self) -> None:
        self.commits.append(asyncio.get_running_loop().time())
        self._open = not (self._answers.pop(0) if self._answers else True)

    def _filter_committable_offsets(self, _: Any) -> dict[str, int]:
        return {"open": 1} if self._open else {}

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def handled(consumer: Committing, seconds: float, *, acks_every: float | None = None) -> list[float]:
    """Seconds from the start to each commit."""
    handler = vars(SafeConsumer)["_commit_handler"].fun
    task = asyncio.create_task(handler(consumer))
    begun = asyncio.get_running_loop().time()
    consumer.ack()
    while asyncio.get_running_loop().time() < begun + seconds:
        await asyncio.sleep(acks_every or seconds)
        if acks_every:
            consumer.ack()
    task.cancel()
    return [at - begun for at in consumer.commits]


async def test_the_first_batch_after_a_pause_is_committed_at_once() -> None:
    (first,) = await handled(Committing(), INTERVAL_S * 3)
    assert first < INTERVAL_S / 2


async def test_a_stream_of_batches_is_committed_once_an_interval() -> None:
    commits = await handled(Committing(), INTERVAL_S * 3.5, acks_every=INTERVAL_S / 20)
    assert 3 <= len(commits) <= 4
    assert all(later - sooner >= INTERVAL_S * 0.9 for sooner, later in pairwise(commits))


@pytest.mark.parametrize("failures", [1, 2])
async def test_a_commit_that_fails_is_tried_again_though_nothing_more_is_acked(failures: int) -> None:
    assert len(await handled(Committing([False] * failures), INTERVAL_S * 3.5)) == failures + 1
