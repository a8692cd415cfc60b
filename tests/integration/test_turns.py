"""Partitions take turns: one with much waiting does not hold up the others."""

import pytest

from tests.integration.harness import PARTITIONS, Scene, transfer, until
from tests.integration.ledger import COPY

pytestmark = pytest.mark.timeout(240)

_EACH = 3_000
_BATCH = 50
_PADDING = "2 KB, so that a partition has 6 MB waiting".ljust(2_000)
_SHORT = 1_500
_LARGE = "more than a turn".ljust(3_000_000)


async def test_no_partition_waits_until_another_has_nothing_left(scene: Scene) -> None:
    for start in range(0, _EACH, _BATCH):  # a fetch brings whole batches
        numbers = range(start, start + _BATCH)
        await scene.push(transfer(at, each, trouble=_PADDING) for at in numbers for each in range(PARTITIONS))
    await scene.push(transfer(_EACH, each, trouble=_LARGE) for each in range(PARTITIONS))
    scene.start("copy", batch_records=50)
    seen: list[tuple[int, ...]] = []

    async def half_done() -> bool:
        seen.append(await scene.lag(COPY))
        return min(seen[-1]) < _EACH // 2

    await until(half_done, "half of a partition is done")
    assert max(seen[-1]) <= _EACH, f"nothing of the other one is: {seen}"
    await until(lambda: scene.drained(COPY), "the large ones, too")


async def test_what_one_fetch_has_brought_of_a_partition_does_not_hold_up_another(scene: Scene) -> None:
    for number in range(PARTITIONS):  # small ones: a turn of bytes would take all of a partition
        await scene.push(transfer(at, number) for at in range(_SHORT))
    scene.start("copy", batch_records=10)
    seen: list[tuple[int, ...]] = []

    async def half_done() -> bool:
        seen.append(await scene.lag(COPY))
        return min(seen[-1]) < _SHORT // 2

    await until(half_done, "half of a partition is done")
    assert max(seen[-1]) < _SHORT * 3 // 4, f"the other one waits: {seen}"
