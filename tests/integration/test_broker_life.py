"""How brokers begin and end: crashes, restarts, sharing, parents that die."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer

from streams.edge.admin import need_topics
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.local.broker import Broker, broker_root, find_broker, open_broker
from streams.local.doctor import checks
from streams.local.kafka import EmbeddedKafka
from streams.local.process import alive
from streams.local.runtime import Runtime, ready_runtime
from streams.settings import Settings
from streams.topics import RAW
from tests.integration.brokers import found, silent, started, until
from tests.integration.kafka_client import create_topic, read, send, topic_names

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def runtime() -> Runtime:
    return ready_runtime(Settings(), silent)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """State of its own, the jars of all."""
    return Settings(state_dir=tmp_path / "state", broker="auto")


async def test_a_killed_broker_comes_back_on_its_port_with_what_it_acknowledged(
    tmp_path: Path, runtime: Runtime
) -> None:
    async with started(tmp_path, runtime) as kafka:
        bootstrap, values = kafka.bootstrap, [b"%d" % number for number in range(100)]
        await create_topic(bootstrap, "kept")
        await send(bootstrap, "kept", values)
        kafka.kill()
        assert kafka.pid is None
        with pytest.raises(BrokerError, match="another broker uses"):
            await EmbeddedKafka(tmp_path, runtime).start()
        await kafka.start()
        assert kafka.bootstrap == bootstrap
        assert await read(bootstrap, "kept", 100) == values


async def test_the_first_to_join_a_group_of_a_fresh_broker_logs_no_error(
    tmp_path: Path, runtime: Runtime, caplog: pytest.LogCaptureFixture
) -> None:
    async with started(tmp_path, runtime) as kafka:
        await need_topics(kafka.endpoint, Settings(partitions=1), [RAW.name], ["readers"])
        consumer = AIOKafkaConsumer(RAW.name, **kafka.endpoint.client(), group_id="readers")
        await consumer.start()
        await consumer.stop()
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_stopped_broker_keeps_its_data_and_port(settings: Settings) -> None:
    async with open_broker(settings) as first:
        assert first.kind == "embedded"
        await create_topic(first.bootstrap, "kept")
        await send(first.bootstrap, "kept", [b"one"])
    assert first.pid is not None
    assert not alive(first.pid)
    assert await find_broker(settings) is None
    async with open_broker(settings) as second:
        assert second.bootstrap == first.bootstrap
        assert await read(second.bootstrap, "kept", 1) == [b"one"]


async def test_starts_at_the_same_time_share_one_broker(settings: Settings) -> None:
    sharing = asyncio.Barrier(3)

    async def one() -> Broker:
        async with open_broker(settings) as broker:
            await sharing.wait()  # all have it before the one that started it stops it
            assert await find_broker(settings) == replace(broker, kind="running")
            await sharing.wait()
            return broker

    brokers = await asyncio.gather(one(), one(), one())
    assert len({broker.bootstrap for broker in brokers}) == 1
    assert sorted(broker.kind for broker in brokers) == ["embedded", "running", "running"]
    facts = {check.name: check for check in await checks(settings)}
    assert facts["broker"].detail.startswith("none runs")


OWNER = """
import asyncio, sys
from pathlib import Path
from streams.local.broker import open_broker
from streams.settings import Settings

async def main():
    async with open_broker(Settings(state_dir=Path(sys.argv[1])), ephemeral=sys.argv[2] == "ephemeral") as broker:
        print(broker.bootstrap, broker.pid, flush=True)
        await asyncio.sleep(600)

asyncio.run(main())
"""


@asynccontextmanager
async def owner(
    settings: Settings, kind: str, temporary: Path
) -> AsyncIterator[tuple[asyncio.subprocess.Process, str, int]]:
    """Another process that has opened a broker; its address and process."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", OWNER, str(settings.state_dir), kind),
        stdout=asyncio.subprocess.PIPE,
        env=settings.environment() | {"TMPDIR": str(temporary)},
    )
    try:
        assert process.stdout is not None
        bootstrap, pid = (await process.stdout.readline()).decode().split()
        yield process, bootstrap, int(pid)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize("last_signal", [signal.SIGKILL, signal.SIGTERM])
async def test_the_broker_is_gone_when_its_parent_dies(
    settings: Settings, tmp_path: Path, last_signal: signal.Signals
) -> None:
    async with owner(settings, "lasting", tmp_path) as (process, bootstrap, pid):
        await create_topic(bootstrap, "kept")
        running = await find_broker(settings)
        assert running == Broker(Endpoint(bootstrap), "running", pid)
        process.send_signal(last_signal)
        await process.wait()
        assert await until(lambda: not alive(pid), 60)
    assert await find_broker(settings) is None
    async with open_broker(settings) as broker:
        assert (broker.kind, await topic_names(broker.bootstrap)) == ("embedded", ["kept"])


async def test_a_temporary_broker_leaves_nothing_even_if_its_parent_was_killed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    async with owner(settings, "ephemeral", tmp_path) as (process, _, pid):
        process.kill()
        await process.wait()
        assert await until(lambda: not alive(pid), 60)
        assert len(found(tmp_path, "newsloom-kafka-*")) == 1
    async with open_broker(settings, ephemeral=True) as broker:
        assert broker.kind == "embedded"
        assert len(found(tmp_path, "newsloom-kafka-*")) == 1
    assert found(tmp_path, "newsloom-kafka-*") == []
    assert not broker_root(settings).exists()
