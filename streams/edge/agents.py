"""The two agents: one for stateless stages, one for single writers. Effects come in a fixed order.

Of a batch: outputs sent and acknowledged, then table writes sent and acknowledged, then
the input acked. An error on that way stops the worker with nothing acked, so that the
batch comes again; both stages and tables make the repetition harmless.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from streams import clock
from streams.alarms import StageAlarm, raise_alarm
from streams.codec import Message, Record
from streams.edge.alarm import AlarmError, DeadWatch
from streams.edge.hardened import HardenedApp
from streams.edge.outbox import Outbox, send_outputs
from streams.edge.pool import Pool
from streams.edge.reader import record_from
from streams.edge.shard import MembershipError, Shard, ShardTables
from streams.telemetry.logs import ids_of
from streams.telemetry.spans import Spans
from streams.topology import Stage

__all__ = ["Meter", "consume", "parallel", "single_writer", "watched"]

log = logging.getLogger("newsloom.worker")

Work = Callable[[Sequence[Record]], Awaitable[None]]


@dataclass(slots=True)
class Meter:
    """What a stage has done since the worker started; `busy_s` is processor time spent in the stage itself.

    What was parked is logged, and `spans` take all records that are in a trace.
    """

    stage: str
    spans: Spans | None = None
    labels: Counter[str] = field(default_factory=Counter)
    busy_s: float = 0.0

    def count(self, record: Record, label: str, seconds: float) -> None:
        """One record, its outcome and the processor seconds it took."""
        self.labels[label] += 1
        self.busy_s += seconds
        if label.startswith("dead:"):
            reason, place = label.removeprefix("dead:"), f"{record.topic}:{record.partition}:{record.offset}"
            ids = {"stage": self.stage, "reason": reason, **ids_of(record)}
            log.warning("%s parks %s: %s", self.stage, place, reason, extra=ids)
        if self.spans is not None:
            self.spans.stage(self.stage, record, label, seconds)


async def consume(app: HardenedApp, work: Work) -> None:
    """Feed batches of the app's inbox to `work`; ack a batch when it is done, stop the app when it fails."""
    settings, consumer = app.settings, app.consumer
    while True:
        batch = await consumer.inbox.take(settings.batch_records, settings.batch_wait_s)
        try:
            app.failpoint.reach("read")
            await work([record_from(record) for record in batch.records])
            app.failpoint.reach("commit")
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch is not done
            await app.crash(error)
            await asyncio.Event().wait()
        app.work_done = getattr(app, "work_done", 0) + len(batch.records)
        consumer.acked(batch)


def watched(work: Work, stage: str, meter: Meter, app: HardenedApp) -> Work:
    """`work` that stops with an alarm, before the next batch, when too much of the last ones was parked."""
    settings = app.settings
    watch = DeadWatch(ratio=settings.dead_ratio, window=settings.dead_window)

    async def work_on(records: Sequence[Record]) -> None:
        if watch.look(meter.labels):
            # What is parked is done. Without this it would be parked again.
            await app.consumer.commit()
            dead, at = sum(watch.reasons.values()), clock.now().isoformat(timespec="seconds")
            alarm = StageAlarm(stage=stage, at=at, dead=dead, of=watch.size, reasons=watch.reasons)
            raise_alarm(settings, alarm)
            raise AlarmError(f"{alarm}; `newsloom dlq stats` says more, `newsloom dlq release {stage}` lets it go on")
        await work(records)

    return work_on


def parallel(stage: Stage, *, pool: Pool, outbox: Outbox, meter: Meter, app: HardenedApp) -> Work:
    """Work of a stateless stage: the pool computes, outputs leave in input order."""

    async def work(records: Sequence[Record]) -> None:
        done = await pool.run(stage, records)
        for record, each in zip(records, done, strict=True):
            meter.count(record, each.handled.label, each.seconds)
        messages = [message for each in done for message in each.handled.messages]
        await send_outputs(outbox, messages, app.failpoint)

    return work


def single_writer(stage: Stage, *, tables: ShardTables, outbox: Outbox, meter: Meter, app: HardenedApp) -> Work:
    """Work of a stage with state: records in log order, effects a partition at a time."""
    shards: dict[int, Shard] = {}

    async def work(records: Sequence[Record]) -> None:
        ordered = sorted(records, key=lambda record: (record.partition, record.offset))
        for partition, group in groupby(ordered, key=lambda record: record.partition):
            shard = shards.get(partition)
            if shard is None or not shard.current():
                shard = shards[partition] = Shard(stage, tables, partition, app.failpoint)
            await _advance(shard, list(group), outbox, meter, app)

    return work


async def _advance(shard: Shard, records: Sequence[Record], outbox: Outbox, meter: Meter, app: HardenedApp) -> None:
    messages: list[Message] = []
    for number, record in enumerate(records, 1):
        begun = time.thread_time()
        handled = shard.step(record)
        meter.count(record, handled.label, time.thread_time() - begun)
        messages.extend(handled.messages)
        if shard.full() or number == len(records):
            _require_membership(app)
            await shard.effect(messages, record.offset, outbox)
            messages = []
        elif number % 16 == 0:
            await asyncio.sleep(0)  # heartbeats and other stages must not wait for a whole batch


def _require_membership(app: HardenedApp) -> None:
    silent = app.consumer.unconfirmed_s()
    if silent > app.settings.session_timeout_s:
        raise MembershipError(f"the group has not confirmed this worker for {silent:.1f} s")
