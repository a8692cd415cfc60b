"""Worker processes, and a poller, under supervision: one that ends is started again, until told to stop."""

import asyncio
import ctypes
import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from streams.settings import Settings
from streams.telemetry.alive import REPORT_S, report_of
from streams.telemetry.metrics import RESTARTS

__all__ = ["POLLER", "Supervisor"]

log = logging.getLogger("newsloom.supervisor")

POLLER = -1
"""The slot of the poller; workers count from 0."""

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE_S = 5.0
_FIRST_REPORT_S = 180.0


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Supervisor:
    """Keeps `settings.workers` workers alive, and with `poller` one poller; `restarts` counts what had to start again.

    `output` takes what the workers print; by default it goes where ours goes. Who lives for less than
    `quick_s` is started again after a pause, a longer one each time. One that reported once and then is silent
    for `silence_s` hangs, and is killed; a worker may be paused past its session and wake, as machines do.
    """

    bootstrap: str
    settings: Settings
    stages: tuple[str, ...]
    output: IO[bytes] | None = None
    poller: bool = False
    quick_s: float = 5.0
    silence_s: float = 60.0
    restarts: int = 0
    processes: dict[int, asyncio.subprocess.Process] = field(default_factory=dict)
    _stopping: bool = False

    async def run(self, stop: asyncio.Event) -> None:
        """Supervise until `stop`, then stop all in order."""
        slots = [*range(self.settings.workers), *([POLLER] if self.poller else [])]
        for slot in slots:
            RESTARTS.labels(_name(slot))  # there from the start, so that the first one is an increase
        keepers = [asyncio.create_task(self.keep(slot)) for slot in slots]
        await stop.wait()
        self._stopping = True
        await self._end()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, return_exceptions=True)

    async def keep(self, slot: int) -> None:
        """Keep one process alive until cancelled; cancelling leaves the process as it is."""
        pause = 0.0
        while not self._stopping:
            begun = time.monotonic()
            process = self.processes[slot] = await self._spawn(slot)
            listening = asyncio.create_task(self._listen(slot, process))
            try:
                code = await process.wait()
            finally:
                listening.cancel()
            self.ended(slot, code)
            if self._stopping:
                return
            self.restarts += 1
            RESTARTS.labels(_name(slot)).inc()
            # A worker that dies at once must not be started in a tight loop.
            quick = time.monotonic() - begun < self.quick_s
            pause = min(_LONGEST_PAUSE_S, pause * 2 + 0.25) if quick else 0.0
            log.warning("%s ended with %s; starting it again", _name(slot), code)
            await asyncio.sleep(pause)

    def ended(self, slot: int, code: int) -> None:
        """Called with each end of a process."""

    def command(self, slot: int) -> tuple[list[str], dict[str, str]]:
        """Program, arguments and environment of a worker, or of the poller."""
        stages = [option for name in self.stages for option in ("--stage", name)]
        command = ["poller"] if slot == POLLER else ["worker", "--slot", str(slot), *stages]
        arguments = [sys.executable, "-m", "streams", *command]
        # Each has a port of its own: who asks for metrics asks us.
        port = {} if self.settings.metrics_port is None else {"metrics_port": 0, "metrics_host": "127.0.0.1"}
        return arguments, self.settings.environment(broker=self.bootstrap, **port)

    async def _listen(self, slot: int, process: asyncio.subprocess.Process) -> None:
        """Kill a process that hangs. Looks are counted, not time: who stops the whole family stops us, too."""
        report = report_of(self.settings, _name(slot))
        last, silent, bound_s = _written(report), 0.0, max(self.silence_s, _FIRST_REPORT_S)
        while silent < bound_s:
            await asyncio.sleep(REPORT_S)
            silent += REPORT_S
            if (now := _written(report)) != last:
                last, silent, bound_s = now, 0.0, self.silence_s
        log.error("%s has been silent for %g s: killing it", _name(slot), bound_s)
        _each([process], lambda hanging: hanging.kill())

    async def _spawn(self, slot: int) -> asyncio.subprocess.Process:
        arguments, environment = self.command(slot)
        return await asyncio.create_subprocess_exec(
            *arguments,
            env=environment,
            stdout=self.output,
            stderr=self.output,
            preexec_fn=_die_with_parent,
        )

    async def _end(self) -> None:
        alive = [process for process in self.processes.values() if process.returncode is None]
        _each(alive, lambda process: process.terminate())
        waits = [asyncio.create_task(process.wait()) for process in alive]
        if waits:
            await asyncio.wait(waits, timeout=self.settings.shutdown_s + 2)
        _each(alive, lambda process: process.kill())


def _written(report: Path) -> int | None:
    """When a report was written, None for one that is not there."""
    try:
        return report.stat().st_mtime_ns
    except OSError:
        return None


def _name(slot: int) -> str:
    return "poller" if slot == POLLER else f"worker-{slot}"


def _each(processes: list[asyncio.subprocess.Process], act: Callable[[asyncio.subprocess.Process], None]) -> None:
    for process in processes:
        if process.returncode is None:
            act(process)
