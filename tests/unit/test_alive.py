"""A worker is alive while it reports."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.cli.root import main
from streams.observe.alive import kill_silent, poller_report, silent_s
from streams.settings import Settings


def report(folder: Path, slot: str, *, age_s: float, pid: int = 0) -> None:
    path = folder / "workers" / slot / "stats.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"pid": pid}))
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


@pytest.mark.parametrize(("age_s", "code"), [(2, 0), (60, 3), (None, 3)])
def test_the_poller_is_asked_for_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float | None, code: int
) -> None:
    report(tmp_path, "slot-0", age_s=60 if code == 0 else 2)  # a worker says nothing about the poller
    if age_s is not None:
        then = time.time() - age_s
        poller_report(Settings(state_dir=tmp_path)).write_text("{}")
        os.utime(poller_report(Settings(state_dir=tmp_path)), (then, then))
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health", "--poller"]) == code


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_a_worker_is_killed_once_it_has_been_silent_for_long(tmp_path: Path, worker: subprocess.Popen[bytes]) -> None:
    time.sleep(0.3)
    report(tmp_path, "slot-0", age_s=0.1, pid=worker.pid)
    settings = Settings(state_dir=tmp_path)
    assert kill_silent(settings, after_s=60) == []
    assert worker.poll() is None
    assert kill_silent(settings, after_s=0.05) == ["slot-0"]
    assert worker.wait(5) == -signal.SIGKILL
    assert kill_silent(settings, after_s=0.05) == []


def test_a_worker_that_has_not_come_to_its_first_report_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: subprocess.Popen[bytes]
) -> None:
    report(tmp_path, "slot-0", age_s=600, pid=worker.pid)  # of the worker before it, which had the same process id
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health", "--kill-after", "60"]) == 3
    assert worker.poll() is None
