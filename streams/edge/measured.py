"""One stage's metrics in a worker: a little for each batch, the rest once a second; nothing where metrics are off."""

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from math import nan
from typing import Any, get_args

from prometheus_client import Counter

from streams.codec import Headers, Record
from streams.edge.hardened import HardenedApp
from streams.outcome import DeadReason, DropReason
from streams.telemetry import metrics
from streams.topology import Stage

__all__ = ["Measured", "began_at"]

Work = Callable[[Sequence[Record]], Awaitable[None]]

_OUTCOMES = (
    ("ok", ""),
    *(("drop", reason) for reason in get_args(DropReason)),
    *(("dead", reason) for reason in get_args(DeadReason)),
)
_KEYS = "rocksdb.estimate-num-keys"
_BYTES = ("rocksdb.total-sst-files-size", "rocksdb.cur-size-all-mem-tables")


def began_at(headers: Headers) -> float | None:
    """Unix time of the raw document's `first_seen_at`; None without one, and in a replay, whose documents are old."""
    at = None
    for name, value in headers:
        if name == "ce_time":
            try:
                at = datetime.fromisoformat(value.decode()).timestamp()
            except ValueError:
                return None
        elif name == "ce_replay":
            return None
    return at


class Measured:
    """Keeps the metrics of `stage`, which `app` runs. Times are Unix times in seconds."""

    def __init__(self, stage: Stage, app: HardenedApp) -> None:
        self._app = app
        self._name = stage.name
        names = [stage.table.name, *(topic.name for topic in stage.writes)] if stage.table else []
        self._tables = {name.replace(".", "-"): name for name in names}
        self._records = metrics.BATCH_RECORDS.labels(stage.name)
        self._seconds = metrics.BATCH_SECONDS.labels(stage.name)
        self._told: dict[Counter, float] = {}
        self._done: dict[int, int] = {}
        self._ours: set[int] = set()
        metrics.ALARM.labels(stage.name).set(0)
        # There from the start, so that the first one is an increase.
        for outcome, reason in _OUTCOMES:
            metrics.RECORDS.labels(stage.name, outcome, reason)
        metrics.EXPIRED.labels(stage.name)

    def around(self, work: Work) -> Work:
        """`work`, measured."""

        async def timed(records: Sequence[Record]) -> None:
            begun = time.monotonic()
            await work(records)
            self.batch(records, time.monotonic() - begun, time.time())

        return timed

    def batch(self, records: Sequence[Record], seconds: float, now: float) -> None:
        """Take note of a batch whose effects are in the log, `seconds` after it was taken."""
        self._records.observe(len(records))
        self._seconds.observe(seconds)
        began = []
        for record in records:
            self._done[record.partition] = record.timestamp_ms
            began.append(began_at(record.headers))
        metrics.LATENCY.add(self._name, [max(now - at, 0.0) for at in began if at is not None])

    def look(self, outcomes: Iterable[tuple[str, int]], busy_s: float, now: float) -> None:
        """Bring up to date what changes between batches; `outcomes` are records by label since the worker started."""
        name, app = self._name, self._app
        for label, count in outcomes:
            outcome, _, reason = label.partition(":")
            self._raise(metrics.RECORDS.labels(name, outcome, reason), count)
        self._raise(metrics.STAGE_CPU.labels(name), busy_s)
        self._raise(metrics.REBALANCES.labels(name), app.rebalancing_count)
        recovery = app.tables.recovery
        self._raise(metrics.RECOVERED.labels(name), recovery.taken)
        self._raise(metrics.RECOVERIES.labels(name), recovery.begun)
        metrics.RECOVERING.labels(name).set(recovery.in_recovery)
        for table, topic in self._tables.items():
            if table in app.tables:
                self._table(topic, app.tables[table])
        if app.joined:
            self._lag(now)

    def _raise(self, metric: Counter, total: float) -> None:
        """A counter takes what was added to `total` since it was told last."""
        metric.inc(total - self._told.get(metric, 0))
        self._told[metric] = total

    def _table(self, topic: str, table: Any) -> None:
        databases = table.databases()
        keys = sum(database.property_int_value(_KEYS) for database in databases)
        size = sum(database.property_int_value(name) for database in databases for name in _BYTES)
        metrics.TABLE_KEYS.labels(self._name, topic).set(keys)
        metrics.TABLE_BYTES.labels(self._name, topic).set(size)

    def _lag(self, now: float) -> None:
        consumer = self._app.consumer
        held = consumer.inbox.oldest()
        metrics.INBOX.labels(self._name).set(len(consumer.inbox))
        self._raise(metrics.EXPIRED.labels(self._name), consumer.expired)
        try:
            ends = consumer.reached()
        except Exception:  # noqa: BLE001 - a rebalance in the consumer's thread: the next look sees more
            return
        metrics.PARTITIONS.labels(self._name).set(len(ends))
        for partition in self._ours - ends.keys():
            metrics.LAG_RECORDS.remove(self._name, partition)
            metrics.LAG_SECONDS.remove(self._name, partition)
            self._done.pop(partition, None)
        self._ours = set(ends)
        for partition, (reached, end) in ends.items():
            behind = max(end - reached, 0)
            metrics.LAG_RECORDS.labels(self._name, partition).set(behind)
            since = held.get(partition, self._done.get(partition))
            waited = nan if since is None else max(now - since / 1000, 0.0)
            metrics.LAG_SECONDS.labels(self._name, partition).set(waited if behind else 0.0)
