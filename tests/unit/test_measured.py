"""What a worker measures of a stage, by the batch and by the second."""

import asyncio
from collections.abc import Sequence
from math import isnan
from typing import Any

import pytest
from prometheus_client import Gauge

from streams.codec import Record
from streams.edge.agents import Meter
from streams.edge.inbox import Inbox
from streams.edge.measured import Measured, began_at
from streams.telemetry import metrics
from streams.topology import stage_named

SEEN = ("ce_time", b"2026-01-02T03:04:05.500000+00:00")
SEEN_AT = 1767323045.5
STAGE = stage_named("dedupe")


class _Recovery:
    in_recovery = True
    begun = 2
    taken = 7


class _Tables(dict[str, Any]):
    recovery = _Recovery()


class _Database:
    def property_int_value(self, name: str) -> int:
        return {"rocksdb.estimate-num-keys": 3, "rocksdb.total-sst-files-size": 10}.get(name, 1)


class _Table:
    def databases(self) -> list[_Database]:
        return [_Database(), _Database()]


class _Fetched:
    def __init__(self, partition: int, timestamp: int) -> None:
        self.partition, self.timestamp = partition, timestamp


class _Consumer:
    def __init__(self) -> None:
        self.inbox = Inbox(10)
        self.places: dict[int, tuple[int, int]] = {}
        self.expired = 0

    def reached(self) -> dict[int, tuple[int, int]]:
        return self.places


class _App:
    """As much of an app as is looked at."""

    def __init__(self) -> None:
        self.tables = _Tables({"newsloom-dedupe-state-v1": _Table()})
        self.consumer = _Consumer()
        self.joined = True
        self.rebalancing_count = 1


@pytest.fixture
def app() -> _App:
    for declared in vars(metrics).values():
        if isinstance(declared, Gauge) and declared._labelnames:
            declared.clear()
    return _App()


def record(partition: int, at_ms: int, *headers: tuple[str, bytes]) -> Record:
    return Record("news.article.normalized.v1", partition, 0, b"en", b"{}", headers, at_ms)


def value(name: str, **labels: str) -> float | None:
    wanted = {"stage": STAGE.name} | labels
    families = metrics._registries["worker"].collect()
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return next((sample.value for sample in samples if sample.labels == wanted), None)


@pytest.mark.parametrize(
    ("headers", "at"),
    [
        ((SEEN,), SEEN_AT),
        ((), None),
        ((("ce_time", b"yesterday"),), None),
        ((("ce_time", b"\xff"),), None),
        ((SEEN, ("ce_replay", b"rpl_1")), None),
    ],
)
def test_latency_counts_from_when_the_document_was_first_seen(
    headers: tuple[tuple[str, bytes], ...], at: float | None
) -> None:
    assert began_at(headers) == at


def test_a_batch_is_measured_once_its_effects_are_in_the_log(app: _App) -> None:
    measured = Measured(STAGE, app)  # type: ignore[arg-type]
    before = [value(f"newsloom_{name}_sum") or 0 for name in ("batch_records", "batch_seconds", "latency_seconds")]
    measured.batch([record(0, 1, SEEN), record(0, 2, SEEN), record(0, 3)], seconds=0.5, now=SEEN_AT + 2)
    after = [value(f"newsloom_{name}_sum") or 0 for name in ("batch_records", "batch_seconds", "latency_seconds")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [3, 0.5, 4]


async def test_a_batch_that_fails_is_not_measured(app: _App) -> None:
    async def work(records: Sequence[Record]) -> None:
        await asyncio.sleep(0)
        raise RuntimeError(len(records))

    before = value("newsloom_batch_records_count") or 0
    with pytest.raises(RuntimeError, match="1"):
        await Measured(STAGE, app).around(work)([record(0, 1)])  # type: ignore[arg-type]
    assert (value("newsloom_batch_records_count") or 0) == before


def test_counters_take_what_was_added_since_the_last_look(app: _App) -> None:
    measured = Measured(STAGE, app)  # type: ignore[arg-type]
    labels = {"outcome": "dead", "reason": "bad_json"}
    before = value("newsloom_records_total", **labels) or 0
    measured.look([("ok", 5), ("dead:bad_json", 2)], 1.5, 0)
    measured.look([("ok", 6), ("dead:bad_json", 4)], 2.5, 0)
    assert (value("newsloom_records_total", **labels) or 0) - before == 4
    assert value("newsloom_recovering") == 1


def test_records_that_retention_removed_are_counted(app: _App) -> None:
    before = value("newsloom_expired_records_total") or 0
    measured = Measured(STAGE, app)  # type: ignore[arg-type]
    app.consumer.expired = 7
    measured.look([], 0, 0)
    assert value("newsloom_expired_records_total") == before + 7


def test_tables_are_added_up_over_their_partitions(app: _App) -> None:
    name = STAGE.table.name if STAGE.table else ""
    app.tables = _Tables({name.replace(".", "-"): _Table()})
    Measured(STAGE, app).look([], 0, 0)  # type: ignore[arg-type]
    assert value("newsloom_table_keys", table=name) == 6
    assert value("newsloom_table_bytes", table=name) == 22


async def test_lag_in_seconds_is_the_age_of_the_oldest_record_that_is_not_done(app: _App) -> None:
    measured = Measured(STAGE, app)  # type: ignore[arg-type]
    app.consumer.inbox.put([_Fetched(0, 4_000), _Fetched(0, 9_000), _Fetched(1, 7_000)])
    await app.consumer.inbox.take(1, 0.01)
    measured.batch([record(2, 1_000)], 0.1, 2)
    app.consumer.places = {0: (10, 12), 1: (5, 6), 2: (3, 8), 3: (4, 4), 4: (0, 1)}
    measured.look([], 0, now=10)
    found = {number: value("newsloom_lag_seconds", partition=str(number)) for number in range(4)}
    assert found == {0: 6, 1: 3, 2: 9, 3: 0}, "in work, waiting, not fetched since the last one done, no lag"
    assert value("newsloom_lag_records", partition="2") == 5
    assert (value("newsloom_inbox_records"), value("newsloom_partitions")) == (3, 5)
    assert isnan(value("newsloom_lag_seconds", partition="4") or 0), "nothing of it has been fetched yet"


def test_what_is_parked_is_logged_by_its_place_and_reason(caplog: pytest.LogCaptureFixture) -> None:
    meter = Meter("normalize")
    for label in ("ok", "drop:repushed", "dead:bad_json"):
        meter.count(record(3, 1, SEEN, ("ce_documentid", b"doc_1")), label, 0.5)
    (logged,) = (each for each in caplog.records if each.name == "newsloom.worker")
    assert logged.getMessage() == "normalize parks news.article.normalized.v1:3:0: bad_json"
    assert (vars(logged)["document_id"], vars(logged)["reason"]) == ("doc_1", "bad_json")
    assert (meter.busy_s, meter.labels.total()) == (1.5, 3)


def test_a_partition_that_is_gone_has_no_lag_here(app: _App) -> None:
    measured = Measured(STAGE, app)  # type: ignore[arg-type]
    app.consumer.places = {0: (1, 2), 1: (1, 2)}
    measured.look([], 0, 0)
    app.consumer.places = {1: (1, 2)}
    measured.look([], 0, 0)
    assert value("newsloom_lag_records", partition="0") is None
    assert value("newsloom_lag_records", partition="1") == 1
