"""The oracle bites: what a guard is for is reported when it is gone, and not when it is there."""

from pathlib import Path

import pytest

from streams.chaos.row import Result, Row
from streams.chaos.runner import run_row
from streams.chaos.scene import Scene
from streams.settings import Settings
from tests.faults import victim

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

IDS = 80


async def killed(failpoint: str, mutation: str, folder: Path) -> Result:
    """One worker, killed at `failpoint` of its second batch and started again, with `mutation` in all its lives."""

    async def run(scene: Scene) -> None:
        scene.crew.program = (victim.__file__, mutation)
        scene.crew.lives[0].append({"failpoint": f"{failpoint}:2"})
        scene.start()
        await scene.feed()
        await scene.until(lambda: bool(scene.crew.exits), "the worker dies")

    row = Row(0, mutation, run, {"partitions": 1, "workers": 1, "batch_records": 20})
    return await run_row(row, Settings(state_dir=folder), ids=IDS, seed=1)


async def test_commit_before_produce_is_reported_as_lost(tmp_path: Path) -> None:
    found = await killed("normalize:read", "commit_first", tmp_path)
    assert found.lost
    assert not found.ok


async def test_without_id_dedupe_documents_are_reported_as_doubled(tmp_path: Path) -> None:
    found = await killed("dedupe:commit", "no_id_dedupe", tmp_path)
    assert found.doubled
    assert not found.ok


@pytest.mark.parametrize("failpoint", ["normalize:read", "dedupe:commit"])
async def test_with_all_guards_neither_is(failpoint: str, tmp_path: Path) -> None:
    found = await killed(failpoint, "none", tmp_path)
    assert (found.lost, found.doubled, found.stalled, found.table_differences) == (0, 0, 0, 0), found.problems
