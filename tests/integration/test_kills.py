"""Two workers, killed and paused at random under load: in the end all is as if nothing had happened."""

import asyncio
import random
import signal
from collections.abc import Sequence

import pytest

from streams.edge.admin import total_lag
from tests.integration.harness import PARTITIONS, Scene, Victim, transfer, until
from tests.integration.ledger import LEDGER, Transfer

pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]

TRANSFERS = 1500
FAULTS = 6
PAUSE_S = 7.5
"""Longer than the session: the paused worker comes back as a zombie."""


class Crew:
    """Two workers that are started again whenever they end."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.workers = [self._start(slot) for slot in range(2)]

    def _start(self, slot: int) -> Victim:
        return self._scene.start("book,copy", slot=slot)

    async def supervise(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(0.2)
            for slot, worker in enumerate(self.workers):
                if not worker.alive:
                    self.workers[slot] = self._start(slot)


def transfers(draw: random.Random) -> list[Transfer]:
    """Between 20 accounts a partition, so that most balances depend on many transfers before."""
    return [
        transfer(number, draw.randrange(PARTITIONS), payer=draw.randrange(20), payee=draw.randrange(20))
        for number in range(TRANSFERS)
    ]


async def feed(scene: Scene, load: Sequence[Transfer], seconds: float) -> None:
    for start in range(0, len(load), 25):
        await scene.push(load[start : start + 25])
        await asyncio.sleep(seconds * 25 / len(load))


async def torment(crew: Crew, draw: random.Random) -> None:
    for fault in draw.sample(["kill", "kill", "kill", "kill", "pause", "stop"], FAULTS):
        await asyncio.sleep(draw.uniform(0.8, 2))
        worker = draw.choice(crew.workers)
        if fault == "pause":
            worker.send(signal.SIGSTOP)
            asyncio.get_running_loop().call_later(PAUSE_S, worker.send, signal.SIGCONT)
        else:
            worker.send(signal.SIGKILL if fault == "kill" else signal.SIGTERM)


@pytest.mark.parametrize("seed", [1])
async def test_nothing_is_lost_doubled_in_state_or_stalled(scene: Scene, seed: int) -> None:
    draw = random.Random(seed)
    load = transfers(draw)
    crew = Crew(scene)
    supervisor = asyncio.create_task(crew.supervise())
    await until(lambda: "Worker ready" in crew.workers[0].said(), "the crew is at work")
    await asyncio.gather(feed(scene, load, seconds=8), torment(crew, draw))
    await until(lambda: _drained(scene), "nothing has stalled", within_s=90)
    supervisor.cancel()
    for stage in LEDGER:
        found = await scene.audit(stage)
        assert found.ok, found
        assert found.inputs == TRANSFERS


async def _drained(scene: Scene) -> bool:
    return not any((await total_lag(scene.endpoint, scene.settings, LEDGER)).values())
