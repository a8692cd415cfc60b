"""What is left of an earlier broker may be foreign or damaged: noticed, kept, and started without."""

import os
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from streams.errors import BrokerError
from streams.local.class_archive import archive_of
from streams.local.format import template_of
from streams.local.kafka import EmbeddedKafka
from streams.local.runtime import Runtime, ready_runtime
from streams.settings import Settings
from tests.integration.brokers import found, silent, started
from tests.integration.kafka_client import create_topic, topic_names

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return ready_runtime(Settings(), silent)


def of_another_cluster(data: Path) -> None:
    meta = data / "meta.properties"
    lines = [line for line in meta.read_text().splitlines() if not line.startswith("cluster.id")]
    meta.write_text("\n".join([*lines, "cluster.id=another", ""]))


def with_a_broken_quorum(data: Path) -> None:
    (data / "__cluster_metadata-0/quorum-state").write_text("garbage")


@pytest.mark.parametrize("spoil", [of_another_cluster, with_a_broken_quorum], ids=lambda spoil: spoil.__name__)
async def test_data_that_is_no_longer_usable_is_set_aside_not_crashed_on(
    tmp_path: Path, runtime: Runtime, spoil: Callable[[Path], None]
) -> None:
    said: list[str] = []
    async with started(tmp_path, runtime) as kafka:
        await create_topic(kafka.bootstrap, "old")
    spoil(tmp_path / "data")
    async with started(tmp_path, runtime, said.append) as kafka:
        assert await topic_names(kafka.bootstrap) == []
        await create_topic(kafka.bootstrap, "new")
    assert found(tmp_path / "data-set-aside-1", "old*") == ["old-0"]
    assert len(said) == 1
    assert str(tmp_path / "data-set-aside-1") in said[0]
    async with started(tmp_path, runtime, said.append) as kafka:
        assert await topic_names(kafka.bootstrap) == ["new"]
    assert len(said) == 1


async def test_good_data_goes_back_when_no_broker_can_start_at_all(
    tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(tmp_path, runtime) as kafka:
        await create_topic(kafka.bootstrap, "kept")
    with monkeypatch.context() as broken:
        broken.setattr("streams.local.kafka._BROKER", ("-Xms4m", "-Xmx4m"))
        with pytest.raises(BrokerError, match=r"its log ends:\n.*"):
            await EmbeddedKafka(tmp_path, runtime).start()
    assert found(tmp_path, "data-set-aside-*") == []
    async with started(tmp_path, runtime) as kafka:
        assert await topic_names(kafka.bootstrap) == ["kept"]


async def test_a_port_that_was_taken_meanwhile_is_given_up(tmp_path: Path, runtime: Runtime) -> None:
    async with started(tmp_path, runtime) as kafka:
        first = kafka.bootstrap
    with socket.create_server(("127.0.0.1", int(first.split(":")[1]))):
        async with started(tmp_path, runtime) as kafka:
            assert kafka.bootstrap != first


async def test_damaged_shortcuts_do_not_keep_a_broker_from_starting(tmp_path: Path, runtime: Runtime) -> None:
    own = replace(runtime, cache=tmp_path / "cache")
    template_of(own).mkdir(parents=True)
    for name in ("meta.properties", "bootstrap.checkpoint"):
        (template_of(own) / name).write_text("garbage")
    archive_of(own).write_bytes(os.urandom(100_000))
    async with started(tmp_path / "kafka", own) as kafka:
        await create_topic(kafka.bootstrap, "topic")
        assert await topic_names(kafka.bootstrap) == ["topic"]
