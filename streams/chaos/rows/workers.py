"""Rows 1, 2 and 4: workers that are killed, paused for too long, or come and go."""

import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from streams.chaos.row import Row
from streams.chaos.scene import ChaosError, Place, Scene
from streams.edge.failpoint import POINTS
from streams.topology import TOPOLOGY, Stage

__all__ = ["KILLS"]

_WITH_STATE = ("face", "table")
_ROW_1_S = 240.0


def points_of(stage: Stage) -> Sequence[str]:
    """Failpoints on the way of a batch through `stage`."""
    return [point for point in POINTS if stage.table is not None or point not in _WITH_STATE]


async def killed_everywhere(scene: Scene) -> None:
    """Each stage has a worker of its own, which dies at the next point in each of its lives.

    So no kill disturbs another group, and what is measured is the recovery from that one. The
    first batch of a life goes through, the second ends it.
    """
    for slot, stage in enumerate(TOPOLOGY):
        scene.crew.shares[slot] = (stage.name,)
        scene.crew.lives[slot].extend({"failpoint": f"{stage.name}:{point}:2"} for point in points_of(stage))
    kills = sum(len(points_of(stage)) for stage in TOPOLOGY)
    scene.start(len(TOPOLOGY))
    deaths, slice_size = _Deaths(scene), max(1, scene.ids // 60)
    deadline = time.monotonic() + _ROW_1_S
    while deaths.seen < kills or deaths.open:
        if time.monotonic() > deadline:
            raise ChaosError(f"of {kills} deaths there were {[(each.slot, each.code) for each in scene.crew.exits]}")
        await scene.feed(slice_size if scene.left > scene.ids // 5 else 2)
        await deaths.watch()
    scene.note(f"{kills} kills, each at its point")


@dataclass(slots=True)
class _Deaths:
    """Kills, and for each the time until its stage works again: until a commit, or until the next life dies."""

    scene: Scene
    seen: int = 0
    open: dict[int, tuple[float, dict[Place, int]]] = field(default_factory=dict)

    async def watch(self) -> None:
        """Look once."""
        lags = await self.scene.look() or ()
        now = time.monotonic()
        committed = {(lag.stage, number): at for lag in lags for number, at in enumerate(lag.committed)}
        for slot, (killed_at, places) in list(self.open.items()):
            if any(committed.get(place, at) > at for place, at in places.items()):
                self._over(slot, now - killed_at)
        kills = [each for each in self.scene.crew.exits if each.code == -signal.SIGKILL]
        for death in kills[self.seen :]:
            if death.slot in self.open:
                self._over(death.slot, death.at - self.open[death.slot][0])
            places = {place: at for place, at in committed.items() if place[0] == TOPOLOGY[death.slot].name}
            self.open[death.slot] = (death.at, places)
            self.seen += 1

    def _over(self, slot: int, seconds: float) -> None:
        del self.open[slot]
        self.scene.recoveries.append(seconds)


KILLS = Row(1, "a worker killed in each stage at each point", killed_everywhere)
