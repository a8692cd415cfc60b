"""A worker is alive while it reports."""

import os
import time
from pathlib import Path

import pytest

from streams.cli.root import main
from streams.observe.alive import silent_s
from streams.settings import Settings


def report(folder: Path, slot: str, *, age_s: float) -> None:
    path = folder / "workers" / slot / "stats.json"
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_each_worker_that_has_reported_has_an_age(tmp_path: Path) -> None:
    report(tmp_path, "slot-0", age_s=3)
    report(tmp_path, "slot-1", age_s=60)
    report(tmp_path, "slot-2", age_s=60)  # of an earlier run with more workers
    silent = silent_s(Settings(state_dir=tmp_path, workers=2))
    assert set(silent) == {"slot-0", "slot-1"}
    assert 2 < silent["slot-0"] < 10 < silent["slot-1"]


@pytest.mark.parametrize(("age_s", "code"), [(2, 0), (60, 3), (None, 3)])
def test_the_command_answers_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float | None, code: int
) -> None:
    if age_s is not None:
        report(tmp_path, "slot-0", age_s=age_s)
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health"]) == code
