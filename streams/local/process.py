"""A child process that ends with its parent, and what memory it takes."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.local import tether

__all__ = ["Memory", "alive", "ended", "memory", "spawn"]

_POLL_S = 0.02


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a process in MiB: now, and at its highest."""

    now_mb: float
    peak_mb: float


def spawn(command: Sequence[str], *, folder: Path, log: Path, keep: Sequence[int] = ()) -> subprocess.Popen[bytes]:
    """Start `command` in `folder`, its output into `log`; it gets SIGTERM when this thread ends.

    It inherits the descriptors `keep`, and does not get the terminal's Ctrl-C: that is for its parent.
    """
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            process_group=0,
            pass_fds=keep,
        )


async def ended(process: subprocess.Popen[bytes], *, limit_s: float) -> bool:
    """Wait for the end of a process, polling: its end is then seen by every event loop, and by none at all."""
    deadline = time.monotonic() + limit_s
    while process.poll() is None:
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(_POLL_S)
    return True


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


def memory(pid: int) -> Memory:
    """Resident memory of a process; ProcessLookupError when there is none."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except FileNotFoundError as error:
        raise ProcessLookupError(pid) from error
    figures = dict(line.split(":", 1) for line in lines)
    if "VmRSS" not in figures:  # ended, and nobody has taken its exit code yet
        raise ProcessLookupError(pid)
    now, peak = (int(figures[name].removesuffix("kB")) / 1024 for name in ("VmRSS", "VmHWM"))
    return Memory(round(now, 1), round(peak, 1))
