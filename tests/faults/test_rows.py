"""Rows of the matrix, small, on every push: kills everywhere, a broker and a producer that die, poison.

`make chaos` runs them all; `streams/chaos/README.md` has the figures.
"""

from pathlib import Path

import pytest

from streams.chaos.documents import generate
from streams.chaos.row import RECOVERY_SLACK_S, Result, Row
from streams.chaos.rows import ROWS
from streams.chaos.runner import chosen, run_row
from streams.errors import UsageError
from streams.settings import Settings

IDS = 120
ON_EVERY_PUSH = "1,3,6"


@pytest.mark.kafka
@pytest.mark.faults
@pytest.mark.slow
@pytest.mark.timeout(420)
@pytest.mark.parametrize("row", chosen(ON_EVERY_PUSH), ids=lambda row: f"row-{row.number}")
async def test_a_fault_does_no_harm(row: Row, tmp_path: Path) -> None:
    found = await run_row(row, Settings(state_dir=tmp_path), ids=IDS, seed=1)
    # Seconds are for `newsloom chaos` on a quiet machine: beside other tests they say little.
    assert not found.harmed, found


def test_rows_are_chosen_by_number() -> None:
    assert [row.number for row in ROWS] == list(range(1, 15))
    assert chosen("") == list(ROWS)
    assert [row.number for row in chosen("3,1")] == [3, 1]
    for nonsense in ("0", "15", "1;2", "all"):
        with pytest.raises(UsageError, match="rows are numbers"):
            chosen(nonsense)


def test_a_result_is_good_only_when_each_target_is_hit() -> None:
    assert Result(1, "row", 10, recovery_s=9.0, recovery_limit_s=6 + RECOVERY_SLACK_S).ok
    assert not Result(1, "row", 10, recovery_s=9.1, recovery_limit_s=9.0).ok
    assert not Result(1, "row", 10, recovery_s=9.1, recovery_limit_s=9.0).harmed
    for harm in ("lost", "doubled", "stalled", "table_differences", "output_differences"):
        assert Result(1, "row", 10, **{harm: 1}).harmed  # type: ignore[arg-type]
        assert not Result(1, "row", 10, **{harm: 1}).ok  # type: ignore[arg-type]
    assert not Result(1, "row", 10, problems=["a worker did not come back"]).ok


def test_generated_documents_are_the_same_for_a_seed_and_all_different() -> None:
    documents = list(generate(300, seed=7))
    assert documents == list(generate(300, seed=7))
    assert documents[200:] == list(generate(100, seed=7, first=200))
    assert len({document.document_id for document in documents}) == 300
    assert len({document.content for document in documents}) < 300
    assert documents != list(generate(300, seed=8))
