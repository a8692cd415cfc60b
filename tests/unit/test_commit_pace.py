"""When a consumer commits: at once after a pause, at most once an interval in a stream, again after a failure."""

import asyncio
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest

from streams.edge.consumer import SafeConsumer
from tests.virtual_time import in_virtual_time

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


def handled(consumer: Committing, seconds: float, *, acks_every: float | None = None) -> list[float]:
    """Seconds from the start to each commit."""
    return in_virtual_time(_handled(consumer, seconds, acks_every))


async def _handled(consumer: Committing, seconds: float, acks_every: float | None) -> list[float]:
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


def test_the_first_batch_after_a_pause_is_committed_at_once() -> None:
    (first,) = handled(Committing(), INTERVAL_S * 3)
    assert first == 0


def test_a_stream_of_batches_is_committed_once_an_interval() -> None:
    commits = handled(Committing(), INTERVAL_S * 3.5, acks_every=INTERVAL_S / 20)
    assert len(commits) == 4
    assert [later - sooner for sooner, later in pairwise(commits)] == pytest.approx([INTERVAL_S] * 3)


@pytest.mark.parametrize("failures", [1, 2])
def test_a_commit_that_fails_is_tried_again_though_nothing_more_is_acked(failures: int) -> None:
    assert len(handled(Committing([False] * failures), INTERVAL_S * 3.5)) == failures + 1
