"""Processor time and memory of processes, and of the whole machine, as the kernel counts them."""

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from streams.local.process import memory

__all__ = ["CORES", "Usage", "descendants", "held_mb", "machine_busy_s", "usage"]

CORES = len(os.sched_getaffinity(0))

_TICK = os.sysconf("SC_CLK_TCK")
_IDLE = (3, 4)  # idle and iowait, of user nice system idle iowait irq softirq steal
_COUNTED = 8


@dataclass(frozen=True, slots=True)
class Usage:
    """Processor seconds and resident MiB (now, at its highest) of some processes."""

    cpu_s: float
    rss_mb: float
    peak_mb: float


def usage(pids: Iterable[int]) -> Usage:
    """Sum over `pids`; those that have ended count for nothing."""
    cpu = rss = peak = 0.0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            held = memory(pid)
        except (OSError, ProcessLookupError, KeyError):
            continue
        cpu += (int(fields[11]) + int(fields[12])) / _TICK
        rss, peak = rss + held.now_mb, peak + held.peak_mb
    return Usage(cpu, rss, peak)


def held_mb(pids: Iterable[int]) -> float:
    """Resident MiB of `pids` as of now, a page that several share counted once over all of them (PSS)."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return round(total / 1024, 1)


def descendants(pids: Iterable[int]) -> list[int]:
    """Processes started by `pids`, and by those."""
    return [child.pid for pid in pids for child in psutil.Process(pid).children(recursive=True)]


def machine_busy_s() -> float:
    """Processor seconds that anybody has used since the machine started, stolen ones too."""
    ticks = [int(text) for text in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1 : _COUNTED + 1]]
    return sum(spent for at, spent in enumerate(ticks) if at not in _IDLE) / _TICK
