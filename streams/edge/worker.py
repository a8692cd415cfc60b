"""A worker process: one Faust app a stage, side by side on one event loop, one way out, one pool.

A stage is a consumer group of its own: a rebalance or a crash loop of one stage leaves the
others alone, and stages can be spread over processes at will.
"""

import asyncio
import gc
import logging
import os
import resource
import shutil
import signal
import threading
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from streams.alarms import standing
from streams.edge.admin import cluster_id
from streams.edge.agents import Meter, Work, consume, parallel, single_writer, watched
from streams.edge.hardened import HardenedApp, new_app
from streams.edge.measured import Measured
from streams.edge.outbox import Outbox
from streams.edge.pool import Pool
from streams.edge.shard import ShardTables
from streams.edge.store import is_damage
from streams.edge.table import AtomicTable
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.telemetry.alive import REPORT_S, write_report
from streams.telemetry.metrics import ALARM
from streams.telemetry.spans import open_spans
from streams.topology import Stage, stage_named

__all__ = ["run_stages", "run_worker"]

log = logging.getLogger("newsloom.worker")

_STATS = "stats.json"
_MEMBER = "member-id"
_ALARMS_S = 1.0
_STALE_S = 12 * 60 * 60
_GRACE_S = 1.5
_GC = (10_000, 10, 10)

_ROCKSDB = {
    "driver": "rocksdict",
    "block_cache_size": 32 << 20,
    "write_buffer_size": 8 << 20,
    "max_write_buffer_number": 2,
}


@dataclass(frozen=True, slots=True)
class _Running:
    stage: Stage
    app: HardenedApp
    meter: Meter
    measured: Measured | None


async def run_worker(endpoint: Endpoint, settings: Settings, *, stages: Sequence[str], slot: int = 0) -> int:
    """Run the stages of the topology with these names; see `run_stages`."""
    return await run_stages(endpoint, settings, stages=[stage_named(name) for name in stages], slot=slot)


async def run_stages(endpoint: Endpoint, settings: Settings, *, stages: Sequence[Stage], slot: int = 0) -> int:
    """Run `stages` until SIGTERM or SIGINT (returns 0) or until one of them fails (returns 1).

    `slot` names the worker's local store; two live workers of a machine need two slots. A stage that
    stands still by an alarm is left out, and the worker ends (1), to be started again, when an alarm
    is raised or released meanwhile.
    """
    if endpoint.exposed:
        log.warning("broker %s is reached in the clear; NEWSLOOM_SECURITY_PROTOCOL says how else", endpoint)
    folder = settings.state_dir / "workers" / settings.topic(f"slot-{slot}")
    _own_store(folder, await cluster_id(endpoint))
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    held = frozenset(standing(settings))
    for alarm in standing(settings).values():
        log.error("%s; `newsloom dlq release %s` lets it go on", alarm, alarm.stage)
        ALARM.labels(alarm.stage).set(1)
        # It may stand still for days, and then its store has missed deletions; see `_own_store`.
        shutil.rmtree(folder / alarm.stage, ignore_errors=True)
    stages = [stage for stage in stages if stage.name not in held]
    if not stages:
        return await _stand_still(settings, stop, held, folder)
    pool = Pool(
        processes=settings.processes,
        deadline_s=settings.document_deadline_s,
        memory_mb=settings.document_memory_mb,
    )
    # Single writers compute in the worker itself: without other stages beside them it has no CPU processes.
    used = pool if any(stage.table is None for stage in stages) else nullcontext()
    with open_spans(settings) as spans:
        async with Outbox(endpoint, settings) as outbox, used:
            running = [_prepare(stage, endpoint, settings, folder, pool, outbox) for stage in stages]
            for stage in stages:
                if stage.table is not None:  # it runs here: it is imported while groups are joined
                    loop.run_in_executor(None, stage.load)
            for each in running:
                each.meter.spans = spans
            _collect_seldom()
            code = await _supervise(running, stop, held, folder)
    for each in running:
        if is_damage(each.app.failure):
            log.warning("the local store of stage %s cannot be read: rebuilding it", each.stage.name)
            shutil.rmtree(folder / each.stage.name, ignore_errors=True)
    return code


def _prepare(
    stage: Stage, endpoint: Endpoint, settings: Settings, folder: Path, pool: Pool, outbox: Outbox
) -> _Running:
    datadir, member = str(folder / stage.name), (folder / _MEMBER).read_text()
    app = new_app(stage.name, endpoint=endpoint, settings=settings, datadir=datadir, member=member)
    meter = Meter(stage.name)
    if stage.table is None:
        work = parallel(stage, pool=pool, outbox=outbox, meter=meter, app=app)
    else:
        faces = {topic.name: _table(app, topic.name) for topic in stage.writes if topic.cleanup == "compact"}
        tables = ShardTables(_table(app, stage.table.name), faces)
        tables.state.failpoint = app.failpoint
        work = single_writer(stage, tables=tables, outbox=outbox, meter=meter, app=app)
    measured = None if settings.metrics_port is None else Measured(stage, app)
    work = watched(work, stage.name, meter, app)
    _add_agent(app, stage, work if measured is None else measured.around(work))
    return _Running(stage, app, meter, measured)


def _raw_topic(app: HardenedApp, name: str, **options: bool) -> Any:
    full = app.settings.topic(name)
    serializers = {"key_serializer": "raw", "value_serializer": "raw"}
    return app.topic(full, key_type=bytes, value_type=bytes, **serializers, **options)


def _table(app: HardenedApp, name: str) -> AtomicTable:
    table = AtomicTable(
        app,
        name=name.replace(".", "-"),
        key_type=bytes,
        value_type=bytes,
        partitions=app.settings.partitions,
        # Recovery alone reads a changelog: it is never acked, committed or waited for.
        changelog_topic=_raw_topic(app, name, acks=False, internal=True, allow_empty=True),
        options=_ROCKSDB,
    )
    app.tables.add(table)
    return table


def _add_agent(app: HardenedApp, stage: Stage, work: Work) -> None:
    async def agent(_: Any) -> None:
        # Faust starts and stops it; records come through the consumer's inbox, not its stream.
        await consume(app, work)

    app.agent(_raw_topic(app, stage.reads.name), name=stage.name, concurrency=1)(agent)

    async def joined(*_: Any, **__: Any) -> None:
        app.joined = True

    app.on_partitions_assigned.connect(joined, weak=False)


def _collect_seldom() -> None:
    """What is loaded by now stays, and batches leave little in cycles: Python looks for it far too often."""
    gc.freeze()
    gc.set_threshold(*_GC)


async def _supervise(running: list[_Running], stop: asyncio.Event, held: frozenset[str], folder: Path) -> int:
    settings = running[0].app.settings
    reporter = asyncio.create_task(_report(running, folder))
    starts = [asyncio.create_task(_start(each.app)) for each in running]
    ends = [asyncio.create_task(each.app.failed.wait()) for each in running]
    ends.append(asyncio.create_task(stop.wait()))
    ends.append(changed := asyncio.create_task(_alarms_change(settings, held)))
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    _leave_after(settings.shutdown_s + _GRACE_S)
    failures = [(each.stage.name, each.app.failure) for each in running if each.app.failure is not None]
    for name, failure in failures:
        log.error("stage %s failed: %s: %s", name, type(failure).__name__, failure)
    again = bool(failures) or changed.done()
    for task in (reporter, *starts, *ends):
        task.cancel()
    await _stop(running, settings.shutdown_s)
    return 1 if again else 0


async def _stand_still(settings: Settings, stop: asyncio.Event, held: frozenset[str], folder: Path) -> int:
    """Do nothing until told to stop (0), or until an alarm is released (1).

    Ending at once would be of no use: whoever supervises would start us again and again, and in a
    container there would be nothing to release the alarm in.
    """
    tasks = [asyncio.create_task(wait) for wait in (_report([], folder), stop.wait(), _alarms_change(settings, held))]
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in tasks:
        task.cancel()
    return 0 if stop.is_set() else 1


async def _alarms_change(settings: Settings, held: frozenset[str]) -> Literal[True]:
    """Wait until other stages stand still than `held`: another worker has raised an alarm, or somebody released one."""
    while frozenset(standing(settings)) == held:  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(_ALARMS_S)
    return True


async def _start(app: HardenedApp) -> None:
    try:
        await app.start()
    except Exception as error:  # noqa: BLE001 - a worker that cannot start is a worker that failed
        await app.crash(error)


def _leave_after(limit_s: float) -> None:
    """End the process then, whatever holds it: a thread of Faust's, a pool, a producer without its broker."""
    timer = threading.Timer(limit_s, os._exit, [1])
    timer.daemon = True
    timer.start()


async def _stop(running: list[_Running], limit_s: float) -> None:
    stops = [asyncio.create_task(each.app.stop()) for each in running]
    stopped, late = await asyncio.wait(stops, timeout=limit_s)
    for error in filter(None, (stop.exception() for stop in stopped)):
        log.warning("stopping failed: %s: %s", type(error).__name__, error)
    if late:
        # Nothing is lost by going without goodbye: what is not committed comes again.
        log.warning("stopping took longer than %g s", limit_s)
        os._exit(1)


async def _report(running: list[_Running], folder: Path) -> None:
    """Once a second: what each stage has done, for `newsloom up` and for people."""
    target = folder / _STATS
    while True:
        for each in running:
            if each.measured is not None:
                each.measured.look(each.meter.labels.items(), each.meter.busy_s, time.time())
        stats = {
            each.stage.name: {"busy_s": round(each.meter.busy_s, 3), "outcomes": dict(each.meter.labels)}
            for each in running
        }
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        write_report(target, {"peak_rss_mb": round(peak_mb, 1), "stages": stats})
        await asyncio.sleep(REPORT_S)


def _own_store(folder: Path, cluster: str) -> None:
    """Wipe a local store of another cluster, whose offsets mean nothing here, and one that has missed deletions.

    Kafka keeps a tombstone for a day after compaction: who was away for longer may never hear of it.
    A store also has the name that its worker goes by in its groups: nobody else can have the store open.
    """
    mark, stats = folder / "cluster-id", folder / _STATS
    other = folder.exists() and (not mark.exists() or mark.read_text() != cluster)
    if other or (stats.exists() and time.time() - stats.stat().st_mtime > _STALE_S):
        log.warning("the local store in %s is %s: rebuilding it", folder, "another cluster's" if other else "too old")
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    mark.write_text(cluster)
    member = folder / _MEMBER
    if not member.exists():
        member.write_text(uuid.uuid4().hex)
