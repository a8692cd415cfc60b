"""Whether the workers, or the poller, of this machine are alive: each writes its report anew every second."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

from streams.settings import Settings

__all__ = ["kill_silent", "poller_report", "poller_silent_s", "silent_s"]


def silent_s(settings: Settings) -> dict[str, float]:
    """Seconds since each of the `settings.workers` workers last reported, by slot; those that never did are absent."""
    return _ages(_worker_reports(settings))


def kill_silent(settings: Settings, *, after_s: float) -> list[str]:
    """Kill the workers that have been silent for longer than `after_s`; the slots of those that could be killed.

    A process that is younger than the report is not who wrote it: a worker that has yet to report has the
    process id of an earlier one, as happens in containers.
    """
    killed = []
    for slot, silent in silent_s(settings).items():
        if silent <= after_s:
            continue
        with suppress(OSError, ValueError, KeyError):
            pid = int(json.loads(_worker_reports(settings)[slot].read_bytes())["pid"])
            if _age_s(pid) > silent:
                os.kill(pid, signal.SIGKILL)
                killed.append(slot)
    return killed


def _age_s(pid: int) -> float:
    """Seconds since a process started; OSError when there is none, or only its exit code is left."""
    # proc(5): the name in parentheses may hold anything; then come the state and, 19 fields on, the start in ticks.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    if fields[0] == "Z":
        raise ProcessLookupError(pid)
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _worker_reports(settings: Settings) -> dict[str, Path]:
    slots = [settings.topic(f"slot-{number}") for number in range(settings.workers)]
    return {slot: settings.state_dir / "workers" / slot / "stats.json" for slot in slots}


def poller_silent_s(settings: Settings) -> dict[str, float]:
    """The same for the poller of the lane, under its name."""
    return _ages({"the poller": poller_report(settings)})


def poller_report(settings: Settings) -> Path:
    """Where the poller of a lane writes how it is doing."""
    return settings.state_dir / f"{settings.topic('poller')}.json"


def _ages(reports: dict[str, Path]) -> dict[str, float]:
    now = time.time()
    return {name: max(now - path.stat().st_mtime, 0.0) for name, path in reports.items() if path.exists()}
