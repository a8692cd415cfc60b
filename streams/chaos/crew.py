"""The workers of a row, under the supervisor of `newsloom up`, with what a row needs to harm them."""

import asyncio
import signal
import sys
import time
from collections import defaultdict, deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from streams.local.supervisor import Supervisor

__all__ = ["Crew", "Exit"]


@dataclass(frozen=True, slots=True)
class Exit:
    """An end of a worker; `code` is negative for a signal, `at` by the monotonic clock."""

    slot: int
    code: int
    at: float


@dataclass(slots=True)
class Crew(Supervisor):
    """A supervisor that can be told what the next life of a worker is like.

    `lives` holds changes of settings for the next starts of a slot, one a start; `shares` the
    stages of a slot, where they are not all; `program` replaces `-m streams worker`; `environments`
    is added to that of a slot, and `bootstraps` is another way to the broker.
    """

    lives: dict[int, deque[dict[str, object]]] = field(default_factory=lambda: defaultdict(deque))
    shares: dict[int, tuple[str, ...]] = field(default_factory=dict)
    program: tuple[str, ...] = ("-m", "streams", "worker")
    environments: dict[int, dict[str, str]] = field(default_factory=dict)
    bootstraps: dict[int, str] = field(default_factory=dict)
    exits: list[Exit] = field(default_factory=list)
    _keepers: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    def command(self, slot: int) -> tuple[list[str], dict[str, str]]:
        """As the supervisor's, for this life of the worker."""
        changes = self.lives[slot].popleft() if self.lives[slot] else {}
        stages = [option for name in self.shares.get(slot, self.stages) for option in ("--stage", name)]
        bootstrap = self.bootstraps.get(slot, self.bootstrap)
        environment = self.settings.environment(broker=bootstrap, **changes)
        return [sys.executable, *self.program, "--slot", str(slot), *stages], environment | self.environments.get(
            slot, {}
        )

    def ended(self, slot: int, code: int) -> None:
        """Note an end."""
        self.exits.append(Exit(slot, code, time.monotonic()))

    def hire(self, slot: int) -> None:
        """Have a worker in `slot` from now on."""
        self._keepers[slot] = asyncio.create_task(self.keep(slot))

    async def dismiss(self, slot: int) -> tuple[int, float]:
        """SIGTERM to a worker, which is not started again; its exit code and the seconds it took."""
        self._let_go(slot)
        process, begun = self.processes[slot], time.monotonic()
        if process.returncode is None:
            process.terminate()
        code = await process.wait()
        return code, time.monotonic() - begun

    def send(self, slot: int, number: signal.Signals) -> None:
        """Send a signal to the worker in `slot`, if it lives."""
        process = self.processes[slot]
        if process.returncode is None:
            process.send_signal(number)

    async def dismiss_all(self) -> list[tuple[int, float]]:
        """`dismiss` for all at once."""
        return await asyncio.gather(*(self.dismiss(slot) for slot in list(self._keepers)))

    def paused(self, slot: int) -> bool:
        """Whether the worker in `slot` is stopped by SIGSTOP."""
        with suppress(OSError, KeyError):
            return Path(f"/proc/{self.processes[slot].pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"
        return False

    def destroy(self) -> None:
        """SIGKILL to all; none is started again."""
        for slot in list(self._keepers):
            self._let_go(slot)
        for process in self.processes.values():
            if process.returncode is None:
                process.kill()

    def _let_go(self, slot: int) -> None:
        if (keeper := self._keepers.pop(slot, None)) is not None:
            keeper.cancel()
