"""What docker-compose.yml starts loses nothing, whichever container is killed. Lost 0 is the audit's word, not ours."""

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streams.audit import AuditReport, audit
from streams.chaos.documents import generate
from streams.edge.admin import total_lag
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.ingest.push import push
from streams.settings import Settings
from tests.docker.compose import Compose, composed

pytestmark = [pytest.mark.timeout(400), pytest.mark.slow]

WORKERS = ("worker-text", "worker-state")
DOCUMENTS = 300
RECOVERED_S = 90


@pytest.fixture
def core(image: str) -> Iterator[Compose]:  # noqa: ARG001 - the image must be there
    with composed(profile="core", brokers=1, services=("kafka", "init", *WORKERS)) as project:
        yield project


@pytest.fixture
def three_brokers(image: str) -> Iterator[Compose]:  # noqa: ARG001 - as above
    services = ("kafka", "kafka-2", "kafka-3", "init", *WORKERS)
    with composed(profile="ha", brokers=3, services=services) as project:
        yield project


async def until(condition: Callable[[], bool], limit_s: float) -> None:
    deadline = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that in time"
        await asyncio.sleep(0.5)


async def no_lag(project: Compose, settings: Settings) -> None:
    deadline = time.monotonic() + RECOVERED_S
    while True:
        try:
            lag = await total_lag(Endpoint(project.bootstrap), settings)
        except BrokerError as error:
            lag = {str(error): 1}
        if not any(lag.values()):
            return
        assert time.monotonic() < deadline, f"lag stays: {lag}"
        await asyncio.sleep(0.5)


async def harmed(project: Compose, folder: Path, harm: Callable[[], None]) -> AuditReport:
    """Push, do `harm` half way, push the rest, and audit what came of it."""
    await until(lambda: all(project.state(name) == "healthy" for name in WORKERS), 90)
    settings = Settings(broker=project.bootstrap, state_dir=folder)
    acknowledged: set[str] = set()
    documents = list(generate(DOCUMENTS, seed=6))
    for number, part in enumerate((documents[: DOCUMENTS // 2], documents[DOCUMENTS // 2 :])):
        if number:
            await asyncio.to_thread(harm)
        await push(
            Endpoint(project.bootstrap), settings, part, on_ack=lambda document: acknowledged.add(document.document_id)
        )
    begun = time.monotonic()
    await no_lag(project, settings)
    print(f"{time.monotonic() - begun:.1f} s from the last push to no lag")  # noqa: T201 - a figure, seen with -s
    return await audit(Endpoint(project.bootstrap), settings, acknowledged=acknowledged)


async def test_a_killed_worker_and_a_restarted_broker_lose_nothing(core: Compose, tmp_path: Path) -> None:
    def harm() -> None:
        for name in WORKERS:
            core.kill(name)
        core.kill("kafka")
        for name in ("kafka", *WORKERS):
            core.start(name)
        begun = time.monotonic()
        while core.state("kafka") != "healthy":
            assert time.monotonic() - begun < 60
            time.sleep(0.5)

    report = await harmed(core, tmp_path, harm)
    assert report.ok, report.as_json()
    assert report.raw_ids == DOCUMENTS


async def test_with_three_brokers_the_kill_of_one_loses_nothing(three_brokers: Compose, tmp_path: Path) -> None:
    report = await harmed(three_brokers, tmp_path, lambda: three_brokers.kill("kafka-2"))
    assert report.ok, report.as_json()
    assert report.raw_ids == DOCUMENTS
    assert three_brokers.state("kafka-2") == "exited"
