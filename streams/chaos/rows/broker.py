"""Rows 3, 5 and 8: a broker that is killed, slow, or has no room, and a worker without room."""

import asyncio
import os
import signal
import time

from streams.chaos.disk import Disk
from streams.chaos.row import ONE_PARTITION, Row
from streams.chaos.scene import ChaosError, Scene
from streams.local.process import memory

__all__ = ["DEATHS", "FULL", "SLOW"]

_JOINING_S = 1.5
_PULSES = 6
_PULSE_S = 1.5
_BREATH_S = 0.5
_BOUND_MB = 800.0


async def killed_and_restarted(scene: Scene) -> None:
    """A producer dies, the broker dies while the workers start, and again when they are at work."""
    await scene.feed_and_kill(scene.ids // 6)
    scene.start()
    await asyncio.sleep(_JOINING_S)
    scene.kafka.kill()
    await scene.kafka.start()
    feeding = asyncio.create_task(scene.trickle(8))
    await scene.at_work()
    for _ in range(2):
        places = await scene.waiting()
        scene.kafka.kill()
        await scene.kafka.start()
        await scene.recover(places, time.monotonic())
    await feeding


async def stopped_in_pulses(scene: Scene) -> None:
    """The broker answers one moment in four: whatever goes downstream is slow, and the workers' memory bounded."""
    scene.start()
    await scene.at_work_on(scene.feed(scene.ids // 4))
    feeding = asyncio.create_task(scene.feed())
    peaks: list[float] = []
    for _ in range(_PULSES):
        pid = scene.kafka.pid
        if pid is None:
            raise ChaosError("the broker has ended")
        os.kill(pid, signal.SIGSTOP)
        try:
            await asyncio.sleep(_PULSE_S)
        finally:
            os.kill(pid, signal.SIGCONT)
        peaks.append(max(memory(process.pid).peak_mb for process in scene.crew.processes.values()))
        await asyncio.sleep(_BREATH_S)
    await scene.recover(await scene.waiting(), time.monotonic())
    await feeding
    scene.note(f"peak resident memory of a worker {max(peaks):.0f} MiB")
    if max(peaks) > _BOUND_MB:
        raise ChaosError(f"a worker took {max(peaks):.0f} MiB, more than {_BOUND_MB:.0f}")


async def without_room(scene: Scene) -> None:
    """The disk of the broker fills up until it ends, then that of the workers' stores; both get room again."""
    disks = scene.disks
    scene.note(f"the disks are {disks['kafka'].kind}")
    scene.start()
    await scene.at_work_on(scene.feed(scene.ids // 4))
    feeding = asyncio.create_task(scene.trickle(8))
    places = await scene.waiting()
    disks["kafka"].fill([scene.kafka.pid or 0])
    await scene.until(lambda: scene.kafka.pid is None, "the broker ends for want of room", within_s=60)
    disks["kafka"].empty([])
    scene.kafka.kill()
    await scene.kafka.start()
    await scene.recover(places, time.monotonic())
    await _stores_without_room(scene, disks["state"])
    await feeding


async def _stores_without_room(scene: Scene, disk: Disk) -> None:
    ends = len(scene.crew.exits)
    disk.fill([process.pid for process in scene.crew.processes.values() if process.returncode is None])
    more = asyncio.create_task(scene.feed(scene.ids // 8))
    await scene.until(lambda: len(scene.crew.exits) > ends, "a worker ends for want of room", within_s=60)
    places = await scene.waiting()
    disk.empty([process.pid for process in scene.crew.processes.values() if process.returncode is None])
    await scene.recover(places, time.monotonic())
    await more


DEATHS = Row(
    *(3, "a producer killed; the broker killed, while workers start too", killed_and_restarted),
    ONE_PARTITION,
    own_broker=True,
    in_memory=True,
)
SLOW = Row(5, "a broker that stands still most of the time", stopped_in_pulses, own_broker=True)
FULL = Row(8, "disk full: the broker's, and that of the stores", without_room, disks=True)
