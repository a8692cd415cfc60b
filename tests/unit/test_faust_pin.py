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
from faust.streams import Stream
from faust.tables.base import Collection
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.tables.table import Table
from faust.transport.conductor import Conductor
from faust.transport.consumer import Consumer, ThreadDelegateConsumer
from faust.transport.drivers import aiokafka as driver

from streams.edge.consumer import SafeConsumer, SafeTransport, _Thread
from streams.edge.hardened import HardenedApp, _RefusingProducer, _Tables, _Transport, new_app
from streams.edge.store import RebuildingStore
from streams.edge.table import AtomicTable
from streams.settings import Settings

PINS = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0"}

CALLED = [
    (Consumer, "ack", ["self", "message"]),
    (Consumer, "getmany", ["self", "timeout"]),
    (Consumer, "perform_seek", ["self"]),
    (Consumer, "seek", ["self", "partition", "offset"]),
    (Consumer, "on_partitions_revoked", ["self", "revoked"]),
    (Consumer, "on_partitions_assigned", ["self", "assigned", "generation_id"]),
    (Consumer, "_filter_tps_with_pending_acks", ["self", "topics"]),
    (Consumer, "_new_offset", ["self", "tp"]),
    (Consumer, "_add_gap", ["self", "tp", "offset_from", "offset_to"]),
    (Consumer, "_commit_offsets", ["self", "offsets", "start_new_transaction"]),
    (Consumer, "_drain_messages", ["self", "fetcher"]),
    (Consumer, "wait_empty", ["self"]),
    (ThreadDelegateConsumer, "_getmany", ["self", "active_partitions", "timeout"]),
    (ThreadDelegateConsumer, "_commit", ["self", "offsets"]),
    (ThreadDelegateConsumer, "assignment", ["self"]),
    (ThreadDelegateConsumer, "earliest_offsets", ["self", "partitions"]),
    (ThreadDelegateConsumer, "highwaters", ["self", "partitions"]),
    (driver.Consumer, "_new_consumer_thread", ["self"]),
    (driver.AIOKafkaConsumerThread, "on_start", ["self"]),
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
    (Collection, "apply_changelog_batch", ["self", "batch"]),
    (Recovery, "flush_buffers", ["self"]),
    (TableManager, "on_start", ["self"]),
    (TableManager, "_update_channels", ["self"]),
    (Store, "_db_for_partition", ["self", "partition"]),
    (Store, "_open_for_partition", ["self", "partition"]),
    (Store, "partition_path", ["self", "partition"]),
    (Store, "apply_changelog_batch", ["self", "batch", "to_key", "to_value"]),
    (Stream, "noack_take", ["self", "max_", "within"]),
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
    _Tables,
    _Transport,
    HardenedApp,
    AtomicTable,
    RebuildingStore,
]

OURS: dict[Any, set[str]] = {
    SafeConsumer: {"confirm_membership", "unconfirmed_s", "_deliver_in_order", "_rewind_uncommitted"},
    HardenedApp: {"failed", "_watch_group", "_watch_progress"},
    AtomicTable: {
        "view",
        "database",
        "position",
        "repair",
        "flush",
        "_recover",
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
    return new_app("pin", bootstrap="localhost:9", settings=Settings(), datadir=str(tmp_path))


def test_an_app_takes_its_transports_from_us(app: HardenedApp) -> None:
    assert isinstance(app.transport, SafeTransport)
    assert isinstance(app.producer_transport, SafeTransport)
    assert isinstance(app.producer, _RefusingProducer)


async def test_a_consumer_has_the_state_that_ours_keeps_in_step(app: HardenedApp) -> None:
    consumer = app.consumer
    consumer._thread.thread_loop.close()  # of a thread that never starts
    assert isinstance(consumer, SafeConsumer)
    for name in ("_acked", "_acked_index", "_committed_offset", "_read_offset", "_unacked_messages", "flow_active"):
        assert hasattr(consumer, name), name
    assert consumer.callback == consumer._deliver_in_order
    assert isinstance(consumer._thread, _Thread)
    assert consumer._thread._consumer is None


def test_an_app_has_what_the_watchdogs_read(app: HardenedApp) -> None:
    for name in ("rebalancing", "consumer_generation_id", "_consumer", "tables", "topics"):
        assert hasattr(app, name), name
    for name in ("active_offsets", "flush_buffers"):
        assert hasattr(app.tables.recovery, name), name


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


def test_settings_do_not_let_faust_make_topics_or_serve_the_web(app: HardenedApp) -> None:
    conf = app.conf
    assert (conf.topic_allow_declare, conf.topic_disable_leader, conf.web_enabled) == (False, True, False)
    assert (conf.processing_guarantee.value, conf.consumer_auto_offset_reset) == ("at_least_once", "earliest")
    assert (conf.producer_acks, conf.table_standby_replicas, conf.stream_wait_empty) == (-1, 0, True)


def test_a_session_may_be_as_long_as_settings_allow(tmp_path: Any) -> None:
    long = Settings(session_timeout_s=300)
    app = new_app("pin", bootstrap="localhost:9", settings=long, datadir=str(tmp_path))
    assert app.conf.broker_request_timeout >= app.conf.broker_session_timeout


def test_faust_is_the_streaming_fork() -> None:
    assert faust.__version__ == PINS["faust-streaming"]
