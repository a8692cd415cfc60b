"""Whether the processes of this machine are alive: each writes its report anew every second.

A process is named as in the metrics: worker-0, poller, watch, api.
"""

import asyncio
import json
import os
import signal
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from streams.settings import Settings

__all__ = ["REPORT_S", "kill_silent", "report_of", "reporting", "silent_s", "worker_names", "write_report"]

REPORT_S = 1.0
"""Pause between two reports of a process."""


def worker_names(settings: Settings) -> list[str]:
    """The names of the `settings.workers` workers."""
    return [f"worker-{slot}" for slot in range(settings.workers)]


def report_of(settings: Settings, name: str) -> Path:
    """Where a process of the lane writes how it is doing; a worker beside its store, which is wiped if it is old."""
    kind, _, slot = name.partition("-")
    if kind == "worker":
        return settings.state_dir / "workers" / settings.topic(f"slot-{slot}") / "stats.json"
    return settings.state_dir / f"{settings.topic(name)}.json"


def write_report(target: Path, report: Mapping[str, object]) -> None:
    """Replace the report of this process at once."""
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps({"pid": os.getpid()} | dict(report), default=str))
    partial.replace(target)


async def reporting(settings: Settings, name: str) -> None:
    """Report until cancelled that this process is alive; for one that has nothing else to report."""
    target = report_of(settings, name)
    target.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with suppress(OSError):  # a full disk: what it serves from memory, it serves
            write_report(target, {})
        await asyncio.sleep(REPORT_S)


def silent_s(settings: Settings, names: Iterable[str]) -> dict[str, float]:
    """Seconds since each of these processes last reported, by name; those that never did are absent."""
    now = time.time()
    reports = {name: report_of(settings, name) for name in names}
    return {name: max(now - path.stat().st_mtime, 0.0) for name, path in reports.items() if path.exists()}


def kill_silent(settings: Settings, names: Iterable[str], *, after_s: float) -> list[str]:
    """Kill those that have been silent for longer than `after_s`; the names of those that could be killed.

    A process that is younger than the report is not who wrote it: one that has yet to report has the
    process id of an earlier one, as happens in containers.
    """
    killed = []
    for name, silent in silent_s(settings, names).items():
        if silent <= after_s:
            continue
        with suppress(OSError, ValueError, KeyError):
            pid = int(json.loads(report_of(settings, name).read_bytes())["pid"])
            if _age_s(pid) > silent:
                os.kill(pid, signal.SIGKILL)
                killed.append(name)
    return killed


def _age_s(pid: int) -> float:
    """Seconds since a process started; OSError when there is none, or only its exit code is left."""
    # proc(5): the name in parentheses may hold anything; then come the state and, 19 fields on, the start in ticks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if fields[0] == "Z":
        raise ProcessLookupError(pid)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")
