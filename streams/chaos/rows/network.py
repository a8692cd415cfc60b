"""Rows 12 and 13: a network that goes, and one that is bad."""

import asyncio
import time

from streams.chaos.row import Row
from streams.chaos.scene import ChaosError, Scene

__all__ = ["BAD", "CUT"]

_RESETS = 6
_BETWEEN_S = 1.5
_DELAY_S = 0.03
_PAST_S = 3.0


async def cut_off(scene: Scene) -> None:
    """One of the workers hears nothing of the broker for longer than its session; the other takes over."""
    assert scene.proxy is not None  # noqa: S101 - the row has a door
    scene.crew.bootstraps[1] = scene.kafka.bootstrap
    scene.start()
    feeding = asyncio.create_task(scene.trickle(10))
    await scene.at_work()
    begun = time.monotonic()
    scene.proxy.cut()
    await asyncio.sleep(0.5)  # what was under way has arrived
    await scene.recover(await scene.waiting(), begun)
    await asyncio.sleep(max(0.0, begun + scene.settings.session_timeout_s + _PAST_S - time.monotonic()))
    scene.proxy.mend()
    await feeding


async def delayed_and_reset(scene: Scene) -> None:
    """Everything takes its time, and now and then all connections are reset."""
    assert scene.proxy is not None  # noqa: S101 - the row has a door
    scene.start()
    scene.proxy.delay_s = _DELAY_S
    feeding = asyncio.create_task(scene.trickle(8))
    await scene.at_work()
    resets = 0
    async with scene.pulse():
        for _ in range(_RESETS):
            await asyncio.sleep(_BETWEEN_S)
            resets += scene.proxy.reset()
        await feeding
        await scene.until(scene.drained, "what the resets have held up")
    if not resets:
        raise ChaosError("there was no connection to reset")
    scene.note(f"{resets} connections reset, {_DELAY_S * 1000:.0f} ms each way")


CUT = Row(12, "the network between a worker and the broker cut", cut_off, door=True)
BAD = Row(13, "delays and resets on every connection", delayed_and_reset, door=True)
