"""The supervisor starts again what ends, and ends what hangs."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streams.local.supervisor import Supervisor
from streams.settings import Settings
from streams.telemetry.alive import report_of

CHILD = """
import os, pathlib, signal, sys, time
report, deed = pathlib.Path(sys.argv[1]), sys.argv[2]
while True:
    if deed != "start":
        report.touch()
    if deed == "hang":
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.2)
"""


@dataclass(slots=True)
class Family(Supervisor):
    """Children whose lives do these deeds, one after the other; `codes` are how they ended."""

    deeds: list[str] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def command(self, slot: int) -> tuple[list[str], dict[str, str]]:
        """A child for the next life."""
        return [sys.executable, "-c", CHILD, str(report_of(self.settings, f"worker-{slot}")), self.deeds.pop(0)], {}

    def ended(self, slot: int, code: int) -> None:
        """Note an end."""
        assert slot == 0
        self.codes.append(code)


@asynccontextmanager
async def living(folder: Path, *deeds: str) -> AsyncIterator[Family]:
    """A family of one child at a time."""
    settings = Settings(state_dir=folder, workers=1)
    report_of(settings, "worker-0").parent.mkdir(parents=True)
    family = Family("127.0.0.1:1", settings, (), deeds=list(deeds), silence_s=3)
    stop = asyncio.Event()
    running = asyncio.create_task(family.run(stop))
    yield family
    stop.set()
    await running


async def test_one_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    async with living(tmp_path, "hang", "work") as family, asyncio.timeout(50):
        while family.deeds:  # noqa: ASYNC110 - nobody tells us
            await asyncio.sleep(0.1)
        assert (family.codes, family.restarts) == ([-signal.SIGKILL], 1)


@pytest.mark.parametrize("deed", ["work", "start"])
async def test_one_that_works_or_has_yet_to_report_is_left_alone(tmp_path: Path, deed: str) -> None:
    async with living(tmp_path, deed) as family:
        await asyncio.sleep(7)
        assert family.codes == []
