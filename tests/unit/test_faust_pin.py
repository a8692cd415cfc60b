"""What the edge reaches into in Faust, mode and aiokafka is there, and takes what the edge gives it.

Everything listed here is private or undocumented: another version may change it without a
word, and the guards would be off. Hence exact pins, and this list to go through on an upgrade.
"""

import inspect
from importlib.metadata import version
from typing import Any

import faust
import mode
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import BaseCoordinator, GroupCoordinator
from aiokafka.producer.message_accumulator import BatchBuilder
from faust.app.base import App
from faust.stores.rocksdb import Store
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.tables.table import Table
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver
from mode.services import ServiceTask
from mode.threads import ServiceThread

from streams.edge.consumer import SafeConsumer, SafeTransport, _Thread
from streams.edge.hardened import HardenedApp, _Monitor, _RefusingProducer, _Transport, new_app
from streams.edge.recovery import BulkRecovery, Tables
from streams.edge.store import RebuildingStore
from streams.edge.table import AtomicTable
from streams.endpoint import Endpoint
from streams.settings import Settings

PINS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

CALLED = [
    (Consumer, "perform_seek", ["self"]),
    (Consumer, "seek", ["self", "partition", "offset"]),
    (Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (Consumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
    (Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
    (Consumer, "_new_offset", ["self", "tp"]),
    (Consumer, "_commit_offsets", ["self", "offsets", "start_new_transaction"]),
    (Consumer, "_drain_messages", ["self", "fetcher"]),
    (Consumer, "wait_empty", ["self"]),
    (Consumer, "commit", ["self", "topics", "start_new_transaction"]),
    (Consumer, "commit_and_end_transactions", ["self"]),
    (Consumer, "stop_flow", ["self"]),
    (Consumer, "resume_flow", ["self"]),
    (Consumer, "pause_partitions", ["self", "tps"]),
    (Consumer, "resume_partitions", ["self", "tps"]),
    (Consumer, "_get_active_partitions", ["self"]),
    (Consumer, "_filter_committable_offsets", ["self", "tps"]),
    (ThreadDelegateConsumer, "_getmany", ["self", "active_partitions", "timeout"]),
    (ThreadDelegateConsumer, "_commit", ["self", "offsets"]),
    (ThreadDelegateConsumer, "assignment", ["self"]),
    (ThreadDelegateConsumer, "earliest_offsets", ["self", "partitions"]),
    (ThreadDelegateConsumer, "highwaters", ["self", "partitions"]),
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (driver.AIOKafkaConsumerThread, "on_start", ["self"]),
    (driver.AIOKafkaConsumerThread, "getmany", ["self", "active_partitions", "timeout"]),
    (
        driver.AIOKafkaConsumerThread,
        "_fetch_records",
        ["self", "consumer", "active_partitions", "timeout", "max_records"],
    ),
    (driver.AIOKafkaConsumerThread, "_ensure_consumer", ["self"]),
    (driver.AIOKafkaConsumerThread, "_create_worker_consumer", ["self", "transport"]),
    (ServiceThread, "_keepalive2", ["self"]),
    (driver.AIOKafkaConsumerThread, "on_thread_stop", ["self"]),
    (driver.AIOKafkaConsumerThread, "close", ["self"]),
    (driver.Producer, "send_and_wait", None),
    (driver.Producer, "send", None),
    (driver.Producer, "send_soon", ["self", "fut"]),
    (Conductor, "acks_enabled_for", ["self", "topic"]),
    (App, "_new_transport", ["self"]),
    (App, "_new_producer_transport", ["self"]),
    (mode.Service, "crash", ["self", "reason"]),
    (mode.Service, "_crash", ["self", "reason"]),
    (Table, "_new_store_by_url", ["self", "url"]),
    (Collection, "on_rebalance", ["self", "assigned", "revoked", "newly_assigned", "generation_id"]),
    (Recovery, "need_recovery", ["self"]),
    (Recovery, "_set_recovery_started", ["self"]),
    (Recovery, "_set_recovery_ended", ["self"]),
    (TableManager, "on_start", ["self"]),
    (TableManager, "_update_channels", ["self"]),
    (Store, "_db_for_partition", ["self", "partition"]),
    (Store, "_open_for_partition", ["self", "partition"]),
    (Store, "partition_path", ["self", "partition"]),
    (GroupCoordinator, "_do_heartbeat", ["self"]),
    (GroupCoordinator, "_push_error_to_user", ["self", "exc"]),
    (GroupCoordinator, "reset_generation", ["self"]),
    (AIOKafkaClient, "send", ["self", "node_id", "request", "group"]),
    (Fetcher, "fetched_records", ["self", "partitions", "timeout", "max_records"]),
    (AIOKafkaProducer, "create_batch", ["self"]),
    (AIOKafkaProducer, "send_batch", ["self", "batch", "topic", "partition"]),
    (BatchBuilder, "append", ["self", "timestamp", "key", "value", "headers"]),
    (BatchBuilder, "close", ["self"]),
]

OVERRIDES = [
    SafeConsumer,
    SafeTransport,
    _Thread,
    _RefusingProducer,
    _Transport,
    HardenedApp,
    _Monitor,
    BulkRecovery,
    Tables,
    AtomicTable,
    RebuildingStore,
]

OURS: dict[Any, set[str]] = {
    _Thread: {"break_off", "_in_turn"},
    SafeConsumer: {
        "confirm_membership",
        "unconfirmed_s",
        "acked",
        "_until_fetchable",
        "_fetch",
        "_turn",
        "_hand_over",
        "_deliver",
        "_pass_expired",
        "_rewind_uncommitted",
        "reached",
    },
    BulkRecovery: {"take"},
    HardenedApp: {"failed", "_watch_group", "_watch_progress"},
    AtomicTable: {
        "view",
        "database",
        "databases",
        "position",
        "repair",
        "flush",
        "recover",
        "_write",
        "_append",
        "_expected_offset",
    },
    RebuildingStore: {"opened"},
}


@pytest.mark.parametrize(("package", "pinned"), PINS.items())
def test_versions_are_those_the_edge_was_written_for(package: str, pinned: str) -> None:
    assert version(package) == pinned


@pytest.mark.parametrize(("owner", "name", "parameters"), CALLED, ids=lambda value: getattr(value, "__name__", None))
def test_it_takes_what_the_edge_gives(owner: type, name: str, parameters: list[str] | None) -> None:
    function = inspect.unwrap(getattr(owner, name))
    if parameters is not None:
        assert list(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize("mine", OVERRIDES, ids=lambda mine: mine.__name__)
def test_whatever_is_overridden_is_there_to_be_overridden(mine: type) -> None:
    base = mine.__mro__[1]
    methods = {name for name, value in vars(mine).items() if callable(value) and name != "__init__"}
    invented = {name for name in methods if not hasattr(base, name)} - OURS.get(mine, set())
    assert not invented


@pytest.mark.parametrize("mine", OVERRIDES, ids=lambda mine: mine.__name__)
def test_an_override_is_as_asynchronous_as_what_it_replaces(mine: type) -> None:
    def kind(function: Any) -> tuple[bool, bool]:
        function = inspect.unwrap(function)
        return inspect.iscoroutinefunction(function), inspect.isasyncgenfunction(function)

    for name, value in vars(mine).items():
        base = getattr(mine.__mro__[1], name, None)
        if inspect.isfunction(value) and inspect.isfunction(base) and name not in {"send", "send_and_wait"}:
            assert kind(value) == kind(base), name


@pytest.fixture
def app(tmp_path: Any) -> HardenedApp:
    return new_app("pin", endpoint=Endpoint("localhost:9"), settings=Settings(), datadir=str(tmp_path))


def test_an_app_takes_its_transports_from_us(app: HardenedApp) -> None:
    assert isinstance(app.transport, SafeTransport)
    assert isinstance(app.producer_transport, SafeTransport)
    assert isinstance(app.producer, _RefusingProducer)


async def test_a_consumer_has_the_state_that_ours_keeps_in_step(app: HardenedApp) -> None:
    consumer = app.consumer
    consumer._thread.thread_loop.close()  # of a thread that never starts
    assert isinstance(consumer, SafeConsumer)
    for name in ("_committed_offset", "_fetch_lock", "flow_active", "commit_interval", "consumer_stopped_errors"):
        assert hasattr(consumer, name), name
    assert isinstance(consumer._thread, _Thread)
    assert consumer._thread._consumer is None
    assert consumer._thread._close_thread_loop_on_stop


async def test_a_fetch_waits_less_than_faust_lets_it(app: HardenedApp) -> None:
    thread = app.consumer._thread
    thread.thread_loop.close()  # of a thread that never starts
    kafka = thread._create_worker_consumer(app.transport)
    kafka._closed = True  # it was never started
    assert kafka._fetch_max_wait_ms <= 500
    assert kafka._consumer_timeout >= 2 * kafka._fetch_max_wait_ms / 1000, "a quiet topic would be looked at needlessly"
    started = inspect.getsource(AIOKafkaConsumer.start)
    assert "fetch_max_wait_ms=self._fetch_max_wait_ms" in started
    assert "fetcher_timeout=self._consumer_timeout" in started


def test_a_fetcher_keeps_what_is_fetched_in_an_order_that_can_be_changed() -> None:
    assert "self._records = collections.OrderedDict()" in inspect.getsource(Fetcher.__init__)
    assert "for tp in list(self._records.keys()):" in inspect.getsource(Fetcher.fetched_records)


def test_recovery_has_the_state_that_ours_keeps_in_step(app: HardenedApp) -> None:
    recovery = app.tables.recovery
    assert isinstance(app.tables, Tables)
    assert isinstance(recovery, BulkRecovery)
    for name in (
        "active_tps",
        "active_offsets",
        "active_highwaters",
        "tp_to_table",
        "in_recovery",
        "signal_recovery_end",
    ):
        assert hasattr(recovery, name), name


def test_a_service_has_the_periodic_tasks_that_are_turned_off() -> None:
    for owner, name in (
        (Consumer, "_commit_handler"),
        (Consumer, "_commit_livelock_detector"),
        (Recovery, "_slurp_changelogs"),
        (faust.Monitor, "_sampler"),
        (ServiceThread, "_thread_keepalive"),
    ):
        assert isinstance(vars(owner)[name], ServiceTask), name


def test_an_app_has_what_the_watchdogs_read(app: HardenedApp) -> None:
    for name in ("rebalancing", "consumer_generation_id", "_consumer", "tables", "topics"):
        assert hasattr(app, name), name
    assert hasattr(app.tables.recovery, "active_offsets")


def test_a_group_coordinator_has_what_the_watchdog_and_the_way_out_read() -> None:
    source = inspect.getsource(GroupCoordinator)
    for name in (
        "_pending_exception",
        "_coordination_task",
        "_closing",
        "coordinator_id",
        "group_id",
        "member_id",
        "_group_instance_id",
    ):
        assert f"self.{name} =" in source + inspect.getsource(BaseCoordinator), name
    for name in ("_coordinator", "_client"):
        assert f"self.{name} =" in inspect.getsource(AIOKafkaConsumer), name
    assert "self._sasl_plain_username =" in inspect.getsource(AIOKafkaClient)


def test_settings_do_not_let_faust_make_topics_or_serve_the_web(app: HardenedApp) -> None:
    conf = app.conf
    assert (conf.topic_allow_declare, conf.topic_disable_leader, conf.web_enabled) == (False, True, False)
    assert (conf.processing_guarantee.value, conf.consumer_auto_offset_reset) == ("at_least_once", "earliest")
    assert (conf.producer_acks, conf.table_standby_replicas, conf.stream_wait_empty) == (-1, 0, True)


def test_a_session_may_be_as_long_as_settings_allow(tmp_path: Any) -> None:
    long = Settings(session_timeout_s=300)
    app = new_app("pin", endpoint=Endpoint("localhost:9"), settings=long, datadir=str(tmp_path))
    assert app.conf.broker_request_timeout >= app.conf.broker_session_timeout


def test_faust_is_the_streaming_fork() -> None:
    assert faust.__version__ == PINS["faust-streaming"]
