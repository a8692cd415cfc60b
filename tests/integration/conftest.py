"""A real broker for all tests of a run, and a lane of its own for each of them."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio

from streams.endpoint import Endpoint
from streams.local.broker import Broker, open_broker
from streams.local.runtime import ready_runtime
from streams.settings import Settings
from tests.integration.containers import kafka_container, refusal
from tests.integration.harness import Scene


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "broker" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.kafka)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Fetch what the broker needs now: within the first test it would count against its time."""
    if any(item.get_closest_marker("kafka") for item in session.items):
        ready_runtime(Settings(), print)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    """One Kafka for the run, empty at its start; NEWSLOOM_BROKER=HOST:PORT gives another."""
    if request.config.getoption("--broker") == "testcontainers":
        if (reason := refusal()) is not None:
            pytest.fail(reason)
        with kafka_container() as bootstrap:
            yield Broker(Endpoint(bootstrap), "given", None)
        return
    async with open_broker(Settings(), ephemeral=True, say=print) as opened:
        yield opened


@pytest.fixture
def lane() -> str:
    """Prefix of topics, groups and state that no other test has."""
    return f"t-{uuid4().hex[:12]}"


@pytest_asyncio.fixture
async def scene(broker: Broker, lane: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """The ledger's topics in a lane of its own, and nobody at work in it."""
    async with Scene(broker.endpoint, lane, tmp_path) as opened:
        yield opened
