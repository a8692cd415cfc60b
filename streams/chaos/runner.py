"""Rows, one after the other, each in a scene of its own: a lane of a broker that they share, or a broker."""

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from uuid import uuid4

from streams.chaos.disk import Disk
from streams.chaos.oracle import judge
from streams.chaos.proxy import Proxy
from streams.chaos.recall import Recall
from streams.chaos.row import RECOVERY_SLACK_S, Result, Row
from streams.chaos.rows import ROWS
from streams.chaos.scene import Parts, Scene
from streams.edge.admin import create_topics, delete_topics
from streams.endpoint import Endpoint
from streams.errors import NewsloomError, UsageError
from streams.local.folder import free_ports
from streams.local.kafka import EmbeddedKafka
from streams.local.runtime import ready_runtime
from streams.settings import Settings

__all__ = ["chosen", "run_row", "run_rows"]

_SETTLED_S = 120.0
_SETTLED_PER_ID_S = 0.05
_SMALL: dict[str, object] = {
    "lane": "",
    "partitions": 2,
    "workers": 2,
    "processes": 1,
    "batch_records": 50,
}


def chosen(numbers: str) -> list[Row]:
    """Rows by their numbers, `1,3,9`; all for an empty text. UsageError for one that is not there."""
    by_number = {row.number: row for row in ROWS}
    try:
        wanted = [int(number) for number in numbers.split(",")] if numbers else list(by_number)
        return [by_number[number] for number in wanted]
    except (ValueError, KeyError) as error:
        raise UsageError(f"rows are numbers of 1 to {len(ROWS)}, with commas between them, not {numbers!r}") from error


async def run_rows(
    rows: Sequence[Row], settings: Settings, *, ids: int, seed: int, show: Callable[[Result], None], repeat: int = 1
) -> list[Result]:
    """Run `rows`, `repeat` times with other seeds from `seed` on, and `show` each result as it comes."""
    results, recall = [], Recall()
    async with AsyncExitStack() as stack:
        shared = await _shared_broker(stack, rows, settings)
        for number in range(seed, seed + repeat):
            for row in rows:
                results.append(await run_row(row, settings, ids=ids, seed=number, shared=shared, recall=recall))
                show(results[-1])
    return results


async def _shared_broker(stack: AsyncExitStack, rows: Sequence[Row], settings: Settings) -> EmbeddedKafka | None:
    if all(_alone(row) for row in rows):
        return None
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="newsloom-chaos-", ignore_cleanup_errors=True))
    kafka = EmbeddedKafka(Path(folder), await asyncio.to_thread(ready_runtime, settings, lambda _: None))
    await kafka.start()
    stack.push_async_callback(kafka.stop)
    return kafka


def _alone(row: Row) -> bool:
    return row.own_broker or row.door or row.disks


async def run_row(
    row: Row,
    settings: Settings,
    *,
    ids: int,
    seed: int,
    shared: EmbeddedKafka | None = None,
    recall: Recall | None = None,
) -> Result:
    """One row with `ids` documents of `seed`, on the broker `shared` if the row does not harm it.

    `recall` remembers what earlier rows have computed. The logs of one that misses a target are kept, and named
    in its notes.
    """
    begun = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="newsloom-chaos-"))
    own = settings.model_copy(update=_SMALL | dict(row.changes))
    try:
        async with _scene(row, own, folder, Parts(ids, seed), None if _alone(row) else shared) as scene:
            result = await _played(row, scene)
            if not result.stalled:
                await judge(row, scene, result, recall or Recall())
        if not result.ok:
            result.notes.append(f"the workers' log is kept: {_keep(folder, settings, row)}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    result.seconds = round(time.monotonic() - begun, 1)
    return result


async def _played(row: Row, scene: Scene) -> Result:
    """The row up to the end of its workers, and what is known of it then."""
    result = Result(row.number, row.title, scene.ids, scene.seed)
    if row.bounded:
        result.recovery_limit_s = scene.settings.session_timeout_s + RECOVERY_SLACK_S
    try:
        await _play(row, scene)
    except Exception as error:  # noqa: BLE001 - a row that breaks has missed; the next ones go on
        result.stalled = 1
        result.problems.append(str(error) if isinstance(error, NewsloomError) else repr(error))
        scene.crew.destroy()
    result.notes = scene.notes
    result.recovery_s = round(max(scene.recoveries), 1) if scene.recoveries else None
    return result


async def _play(row: Row, scene: Scene) -> None:
    """The row, whatever is left of its load, and the calm after it."""
    await row.run(scene)
    await scene.feed()
    await scene.settle(within_s=_SETTLED_S + _SETTLED_PER_ID_S * scene.ids)
    ends = await scene.crew.dismiss_all()
    if any(code for code, _ in ends):
        scene.note(f"the last stop ended with {[code for code, _ in ends]}")


@asynccontextmanager
async def _scene(
    row: Row, settings: Settings, folder: Path, parts: Parts, shared: EmbeddedKafka | None
) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        if row.disks:
            parts.disks.update({name: _disk(stack, folder / name) for name in ("kafka", "state")})
        door = free_ports() if row.door else None
        kafka = shared or await _own_broker(stack, settings, folder, door)
        if door:
            parts.proxy = await stack.enter_async_context(Proxy(door[1], door[0]))
        lane = f"row-{row.number}-{parts.seed}-{uuid4().hex[:6]}" if shared else ""  # a row may be there twice
        own = settings.model_copy(update={"state_dir": folder / "state", "lane": lane})
        await create_topics(kafka.endpoint, own)
        log = stack.enter_context((folder / "workers.log").open("wb"))
        scene = Scene(kafka, own, log, parts)
        stack.push_async_callback(_swept, kafka.endpoint, own)
        stack.push_async_callback(scene.lags.close)
        stack.callback(scene.crew.destroy)
        yield scene


async def _own_broker(
    stack: AsyncExitStack, settings: Settings, folder: Path, door: tuple[int, int] | None
) -> EmbeddedKafka:
    runtime = await asyncio.to_thread(ready_runtime, settings, lambda _: None)
    kafka = EmbeddedKafka(folder / "kafka", runtime, door=door)
    await kafka.start()
    stack.push_async_callback(kafka.stop)
    return kafka


async def _swept(endpoint: Endpoint, settings: Settings) -> None:
    """Give back the room that a lane of a shared broker has taken."""
    if settings.lane:
        with suppress(NewsloomError):
            await delete_topics(endpoint, settings)


def _disk(stack: AsyncExitStack, folder: Path) -> Disk:
    disk = Disk(folder)
    stack.callback(disk.close)
    return disk


def _keep(folder: Path, settings: Settings, row: Row) -> Path:
    target = settings.state_dir / "chaos" / f"row-{row.number}.log"
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(folder / "workers.log", target)
    return target
