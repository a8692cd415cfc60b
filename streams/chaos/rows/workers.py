"""Rows 1, 2 and 4: workers that are killed, paused for too long, or come and go."""

import asyncio
import signal
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.chaos.row import Row
from streams.chaos.scene import ChaosError, Place, Scene
from streams.edge.admin import StageLag
from streams.edge.failpoint import POINTS
from streams.topology import TOPOLOGY, Stage

__all__ = ["KILLS", "SCALING", "ZOMBIES"]

_WITH_STATE = ("face", "table")
_ROW_1_S = 240.0
_LOOK_EACH_S = 0.1
_PAST_S = 1.5
_STOP_S = 10.0


def points_of(stage: Stage) -> Sequence[str]:
    """Failpoints on the way of a batch through `stage`."""
    return [point for point in POINTS if stage.table is not None or point not in _WITH_STATE]


async def killed_everywhere(scene: Scene) -> None:
    """Each stage has a worker of its own, which dies at the next point in each of its lives.

    So no kill disturbs another group, and what is measured is the recovery from that one. The
    first batch of a life goes through, the second ends it.
    """
    scene.crew.quick_s = 0.0  # these deaths are ours: no need to wait before the next life
    for slot, stage in enumerate(TOPOLOGY):
        scene.crew.shares[slot] = (stage.name,)
        scene.crew.lives[slot].extend({"failpoint": f"{stage.name}:{point}:2"} for point in points_of(stage))
    scene.start(len(TOPOLOGY))
    deaths = _Deaths(scene)
    deadline = time.monotonic() + _ROW_1_S
    while deaths.to_come or deaths.open:
        if time.monotonic() > deadline:
            raise ChaosError(f"{deaths.to_come} deaths did not come, after {scene.crew.exits}")
        if scene.left > scene.ids // 2:
            await scene.feed(max(1, scene.ids // 60))
        elif deaths.starving():
            await scene.feed(2)
        await deaths.watch()
        await asyncio.sleep(_LOOK_EACH_S)  # a look costs processor time, which who comes back needs
    scene.note(f"{deaths.seen} kills, each at its point; the slowest recovery was one of {deaths.slowest}")


@dataclass(slots=True)
class _Deaths:
    """Kills, and for each the time until its stage works again: until a commit, or until the next life dies."""

    scene: Scene
    seen: int = 0
    open: dict[int, tuple[float, dict[Place, int]]] = field(default_factory=dict)
    to_come: Counter[str] = field(default_factory=lambda: Counter({s.name: len(points_of(s)) for s in TOPOLOGY}))
    slowest: str = ""
    _lags: list[StageLag] = field(default_factory=list)

    def starving(self) -> bool:
        """Whether nothing comes in, and a stage that has yet to die has nothing to do."""
        idle = {lag.stage for lag in self._lags if not lag.total}
        return TOPOLOGY[0].name in idle and bool(idle & self.to_come.keys())

    async def watch(self) -> None:
        """Look once."""
        self._lags = await self.scene.look() or []
        now = time.monotonic()
        committed = {(lag.stage, number): at for lag in self._lags for number, at in enumerate(lag.committed)}
        for slot, (killed_at, places) in list(self.open.items()):
            if not places or any(committed.get(place, at) > at for place, at in places.items()):
                self._over(slot, now - killed_at)
        kills = [each for each in self.scene.crew.exits if each.code == -signal.SIGKILL]
        for death in kills[self.seen :]:
            stage = TOPOLOGY[death.slot].name
            if death.slot in self.open:
                self._over(death.slot, death.at - self.open[death.slot][0])
            self.open[death.slot] = (death.at, await self.scene.waiting([stage]))
            self.seen += 1
            self.to_come -= Counter([stage])

    def _over(self, slot: int, seconds: float) -> None:
        del self.open[slot]
        if seconds > max(self.scene.recoveries, default=0.0):
            self.slowest = TOPOLOGY[slot].name
        self.scene.recoveries.append(seconds)


async def paused_past_the_session(scene: Scene) -> None:
    """A worker stops with a table write in hand, another one at any moment; both wake when their session is over."""
    # More than once: a life may end before it gets there.
    scene.crew.lives[0].extend([{"failpoint": "dedupe:table:1:STOP"}] * 5)
    scene.start()
    feeding = asyncio.create_task(scene.trickle(12))
    await scene.until(lambda: scene.crew.paused(0), "a worker stops with a table write in hand")
    scene.crew.lives[0].clear()
    await _sleep_through(scene, 0)
    # What the zombie writes too late ends it, and may end the other one, too: only then are both at work again.
    await scene.recover(await scene.waiting(), time.monotonic())
    for slot in range(2):
        await scene.up(slot)
    scene.crew.send(1, signal.SIGSTOP)
    await _sleep_through(scene, 1)
    await feeding
    await scene.up(1)


async def _sleep_through(scene: Scene, slot: int) -> None:
    """Let the other worker take over, then wake the one in `slot`."""
    stopped = time.monotonic()
    await scene.recover(await scene.waiting(), stopped)
    await asyncio.sleep(max(0.0, stopped + scene.settings.session_timeout_s + _PAST_S - time.monotonic()))
    scene.crew.send(slot, signal.SIGCONT)


async def scaled_and_rolled(scene: Scene) -> None:
    """One worker, three, one again; then SIGTERM to one after the other, each of which is started again."""
    feeding = asyncio.create_task(scene.trickle(20))
    scene.start(1)
    await scene.at_work()
    async with scene.pulse() as pulse:
        for slot in (1, 2):
            scene.crew.hire(slot)
            await scene.up(slot)
            await _keeps_going(scene)
        for slot in (2, 1):
            _in_order(*await scene.crew.dismiss(slot))
            await _keeps_going(scene)
        scene.crew.hire(1)
        await scene.up(1)
        for slot in (0, 1):
            await _rolled(scene, slot)
    scene.note(f"the longest standstill was one of {pulse.where}")
    await feeding


async def _rolled(scene: Scene, slot: int) -> None:
    begun, ends = time.monotonic(), len(scene.crew.exits)
    scene.crew.send(slot, signal.SIGTERM)
    await scene.until(lambda: len(scene.crew.exits) > ends, "the end of a worker")
    _in_order(scene.crew.exits[-1].code, scene.crew.exits[-1].at - begun)
    await scene.up(slot)
    await _keeps_going(scene)


async def _keeps_going(scene: Scene) -> None:
    """Wait until each partition that has records waiting sees a commit."""
    await scene.recover(await scene.waiting(), time.monotonic())


def _in_order(code: int, seconds: float) -> None:
    if code or seconds > _STOP_S:
        raise ChaosError(f"a worker that was told to stop ended with {code} after {seconds:.1f} s")


# Small batches: a life takes two of them, and what a stage still has to kill its worker with must last.
_SMALL_BATCHES: dict[str, object] = {"batch_records": 10}

KILLS = Row(1, "a worker killed in each stage at each point", killed_everywhere, _SMALL_BATCHES)
ZOMBIES = Row(2, "a worker paused past its session, with a table write in hand too", paused_past_the_session)
SCALING = Row(4, "scaled from 1 to 3 to 1, and a rolling restart", scaled_and_rolled, {"partitions": 3})
