"""A worker is alive while it reports."""

import asyncio
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
from streams.settings import Settings
from streams.telemetry.alive import kill_silent, report_of, reporting, silent_s, worker_names


def report(folder: Path, name: str, *, age_s: float, pid: int = 0) -> None:
    path = report_of(Settings(state_dir=folder), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"pid": pid}))
    then = time.time() - age_s
    os.utime(path, (then, then))


def test_each_worker_that_has_reported_has_an_age(tmp_path: Path) -> None:
    report(tmp_path, "worker-0", age_s=3)
    report(tmp_path, "worker-1", age_s=60)
    report(tmp_path, "worker-2", age_s=60)  # of an earlier run with more workers
    settings = Settings(state_dir=tmp_path, workers=2)
    silent = silent_s(settings, worker_names(settings))
    assert set(silent) == {"worker-0", "worker-1"}
    assert 2 < silent["worker-0"] < silent["worker-1"] - 30


async def test_what_has_nothing_else_to_report_says_that_it_is_alive(tmp_path: Path) -> None:
    settings = Settings(state_dir=tmp_path, lane="v2")
    task = asyncio.create_task(reporting(settings, "api"))
    await asyncio.sleep(0.2)
    task.cancel()
    assert set(silent_s(settings, ["api", "watch"])) == {"api"}
    assert json.loads(report_of(settings, "api").read_bytes()) == {"pid": os.getpid()}


@pytest.mark.parametrize(("age_s", "code"), [(2, 0), (60, 3), (None, 3)])
def test_the_command_answers_with_its_exit_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age_s: float | None, code: int
) -> None:
    if age_s is not None:
        report(tmp_path, "worker-0", age_s=age_s)
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health"]) == code


@pytest.mark.parametrize("name", ["poller", "watch", "api"])
@pytest.mark.parametrize(("age_s", "code"), [(2, 0), (60, 3), (None, 3)])
def test_others_are_asked_for_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, age_s: float | None, code: int
) -> None:
    report(tmp_path, "worker-0", age_s=60 if code == 0 else 2)  # a worker says nothing about the others
    if age_s is not None:
        report(tmp_path, name, age_s=age_s)
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health", f"--{name}"]) == code


@pytest.fixture
def worker() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("name", ["worker-0", "poller", "watch", "api"])
def test_who_has_been_silent_for_long_is_killed(tmp_path: Path, worker: subprocess.Popen[bytes], name: str) -> None:
    time.sleep(0.3)
    report(tmp_path, name, age_s=0.1, pid=worker.pid)
    settings = Settings(state_dir=tmp_path)
    assert kill_silent(settings, [name], after_s=60) == []
    assert worker.poll() is None
    assert kill_silent(settings, [name], after_s=0.05) == [name]
    assert worker.wait(30) == -signal.SIGKILL
    assert kill_silent(settings, [name], after_s=0.05) == []


def test_a_worker_that_has_not_come_to_its_first_report_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, worker: subprocess.Popen[bytes]
) -> None:
    report(tmp_path, "worker-0", age_s=600, pid=worker.pid)  # of the worker before it, which had the same process id
    monkeypatch.setenv("NEWSLOOM_STATE_DIR", str(tmp_path))
    assert main(["health", "--kill-after", "60"]) == 3
    assert worker.poll() is None
