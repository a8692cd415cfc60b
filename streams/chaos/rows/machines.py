"""Rows 9 and 10: what goes wrong with a machine: its local stores, and its clock."""

import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from streams.chaos.row import Row
from streams.chaos.scene import ChaosError, Scene

__all__ = ["CLOCKS", "STORES"]

_OLD_S = 13 * 60 * 60
_SKEW_S = 2 * 60 * 60
_FAKETIME = "/usr/lib/{}/faketime/libfaketimeMT.so.1"
_REBUILT = "rebuil"


async def damaged_stores(scene: Scene) -> None:
    """While the workers are down a store goes back to an earlier state; then others are damaged, or too old."""
    third = scene.ids // 3
    stores = [scene.settings.state_dir / "workers" / scene.settings.topic(f"slot-{slot}") for slot in range(2)]
    earlier = scene.settings.state_dir / "earlier"
    await _session(scene, third)
    shutil.copytree(stores[0], earlier)
    await _session(scene, third)
    shutil.rmtree(stores[0])
    earlier.rename(stores[0])
    await _session(scene, third // 2)
    flipped = _damage(stores[0] / "dedupe", _flip) + _damage(stores[0] / "cluster", _cut)
    aged = stores[1] / "stats.json"
    os.utime(aged, (aged.stat().st_atime - _OLD_S, aged.stat().st_mtime - _OLD_S))
    said = scene.log.read_text(errors="replace").count(_REBUILT)
    await _session(scene, scene.left)
    found = scene.log.read_text(errors="replace").count(_REBUILT) - said
    if not found:
        raise ChaosError(f"nobody noticed that {flipped} files of the stores were damaged")
    scene.note(f"{flipped} files damaged; {found} times a store was said to be rebuilt")


async def _session(scene: Scene, count: int) -> None:
    """Workers come, do `count` documents, and stop in order."""
    await scene.feed(count)
    places, begun = await scene.waiting(), time.monotonic()
    scene.start()
    await scene.recover(places, begun)
    await scene.until(scene.drained, "a session with the stores as they are")
    await scene.crew.dismiss_all()


def _damage(folder: Path, how: Callable[[Path], None]) -> int:
    files = [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size and path.name != "LOCK"]
    for path in files:
        how(path)
    return len(files)


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for place in range(len(data) // 3, len(data), max(1, len(data) // 7)):
        data[place] ^= 0x55
    path.write_bytes(data)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


async def skewed_clocks(scene: Scene) -> None:
    """Workers and producers two hours ahead of the broker, and two behind; one of the workers dies."""
    library = next((path for path in map(Path, _libraries()) if path.exists()), None)
    for slot, skew in enumerate((_SKEW_S, -_SKEW_S)):
        if library is None:
            scene.crew.program = ("-m", "streams.chaos.victim")
            scene.crew.environments[slot] = {"NEWSLOOM_CHAOS_SKEW_S": str(skew)}
        else:
            fake = {
                "FAKETIME": f"{skew:+d}",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
                "DONT_FAKE_MONOTONIC": "1",
                # Its mend for an older C library has each thread that waits for another one go round at full speed.
                "FAKETIME_FORCE_MONOTONIC_FIX": "0",
                "LD_PRELOAD": str(library),
            }
            scene.crew.environments[slot] = fake
    scene.note("clocks by libfaketime" if library else "clocks of Python only: no libfaketime here")
    scene.start()
    for skew in (_SKEW_S, -_SKEW_S):
        await scene.feed_stamped(scene.ids // 4, round((time.time() + skew) * 1000))
    await scene.at_work()
    async with scene.pulse():
        scene.crew.send(0, signal.SIGKILL)
        await scene.feed()
        await scene.until(scene.drained, "the work of the dead and of the living")


def _libraries() -> list[str]:
    return [_FAKETIME.format(machine) for machine in ("x86_64-linux-gnu", "aarch64-linux-gnu")]


STORES = Row(9, "local stores damaged, set back or too old", damaged_stores)
CLOCKS = Row(10, "clocks two hours ahead and behind", skewed_clocks)
