"""What docker-compose.yml starts loses nothing, whichever container is killed. Lost 0 is the audit's word, not ours."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.docker.compose import Compose, composed
from tests.docker.load import Load
from tests.docker.waiting import wait
from tests.integration.harness import until

pytestmark = pytest.mark.timeout(600)

READY_S = 180
BROKERS = ("kafka", "kafka-2", "kafka-3")


@pytest.fixture
def three_brokers(image: str) -> Iterator[Compose]:  # noqa: ARG001 - the image must be there
    with composed(profiles="ha", brokers=3) as project:
        healthy = ("worker-text", "worker-state", "api")
        wait(lambda: all(project.states(name) == ["healthy"] for name in healthy), "a healthy system", within_s=READY_S)
        yield project


def restarted(project: Compose, service: str) -> Callable[[], None]:
    """Kill a service and start it again; a broker must answer before anybody can push."""

    def harm() -> None:
        project.kill(service)
        project.start(service)
        if service in BROKERS:
            wait(lambda: project.states(service) == ["healthy"], f"{service} up again", within_s=READY_S)

    return harm


async def in_sync(bootstrap: str) -> bool:
    """Whether every replica has what its leader has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        await admin.start()
        topics = await admin.describe_topics()
    except KafkaError:
        return False
    finally:
        await admin.close()
    return all(len(each["isr"]) == len(each["replicas"]) for topic in topics for each in topic["partitions"])


async def test_killed_workers_and_a_killed_broker_lose_nothing(
    core: Compose, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    load = Load(core.bootstrap, tmp_path, seed=6)
    took = {"nothing": await load.recovered(lambda: None)}
    for service in ("worker-text", "worker-state", "kafka"):
        took[service] = await load.recovered(restarted(core, service))
    report = await load.audit()
    figure("one broker: " + load.summary(report))
    figure("one broker, seconds to lag 0, killed: " + ", ".join(f"{name} {s:.1f}" for name, s in took.items()))
    assert report.ok, report.as_json()
    assert len(load.acknowledged) == 400


@pytest.mark.slow
async def test_with_three_brokers_the_kill_of_any_loses_nothing_and_stops_nobody(
    three_brokers: Compose, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    load = Load(three_brokers.bootstrap, tmp_path, seed=7)
    took = {"nothing": await load.recovered(lambda: None)}
    for broker in BROKERS:
        took[broker] = await load.recovered(partial(three_brokers.kill, broker))
        assert three_brokers.states(broker) == ["exited"]
        assert [story["article_count"] for story in three_brokers.stories("Kim Jong Un")] == [2]
        three_brokers.start(broker)
        await until(partial(in_sync, three_brokers.bootstrap), "replicas in sync", within_s=READY_S)
    report = await load.audit()
    figure("three brokers: " + load.summary(report))
    figure("three brokers, seconds to lag 0, killed: " + ", ".join(f"{name} {s:.1f}" for name, s in took.items()))
    assert report.ok, report.as_json()
    assert len(load.acknowledged) == 400
