"""The oracle bites: what a guard is for is reported when it is gone, and not when it is there."""

from pathlib import Path

import pytest

from streams.chaos.row import Result, Row
from streams.chaos.runner import run_row, run_rows
from streams.chaos.scene import Scene
from streams.settings import Settings
from tests.faults import victim

pytestmark = [pytest.mark.kafka, pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]

IDS = 80


def kill(failpoint: str, mutation: str) -> Row:
    """One worker, killed at `failpoint` of its second batch and started again, with `mutation` in all its lives."""

    async def run(scene: Scene) -> None:
        scene.crew.program = (victim.__file__, mutation)
        scene.crew.lives[0].append({"failpoint": f"{failpoint}:2"})
        scene.start()
        await scene.feed()
        await scene.until(lambda: bool(scene.crew.exits), "the worker dies")

    return Row(0, mutation, run, {"partitions": 1, "workers": 1, "batch_records": 20})


async def killed(failpoint: str, mutation: str, folder: Path) -> Result:
    return await run_row(kill(failpoint, mutation), Settings(state_dir=folder), ids=IDS, seed=1)


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


async def test_what_is_remembered_of_other_rows_does_not_blunt_it(tmp_path: Path) -> None:
    rows = [kill("normalize:read", mutation) for mutation in ("none", "commit_first", "none")]
    shown: list[Result] = []
    results = await run_rows(rows, Settings(state_dir=tmp_path), ids=IDS, seed=1, show=shown.append)
    assert results == shown
    assert [(each.title, bool(each.lost), each.ok or each.late) for each in results] == [
        ("none", False, True),
        ("commit_first", True, False),
        ("none", False, True),
    ]
