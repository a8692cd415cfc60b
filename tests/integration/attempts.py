"""What must be refused on a secured cluster, each with the like that must not; the lane's topics all hold something."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    for_code,
)

from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.topics import DEDUPE_STATE, DROP_LEDGER, NORMALIZED, RAW, UNIQUE
from tests.integration.secured import ADMIN

__all__ = ["ATTEMPTS", "LANE", "LIMIT_S", "read_from", "written_to"]

LANE = Settings(lane="refusals", partitions=1)
LIMIT_S = 60


@asynccontextmanager
async def running(client: Any) -> AsyncIterator[Any]:
    """Stopped even where it cannot start: `async with` would leave it open then."""
    try:
        await client.start()
        yield client
    finally:
        await client.stop()


async def read_from(endpoint: Endpoint, name: str) -> None:
    async with running(AIOKafkaConsumer(name, **endpoint.client(), auto_offset_reset="earliest")) as consumer:
        await asyncio.wait_for(consumer.getone(), LIMIT_S)


async def written_to(endpoint: Endpoint, *names: str) -> None:
    async with running(AIOKafkaProducer(**endpoint.client(), enable_idempotence=True)) as producer:
        for name in names:
            await asyncio.wait_for(producer.send_and_wait(name, b"{}", key=b"key"), LIMIT_S)


async def written_as(endpoint: Endpoint, transactional_id: str) -> None:
    client = AIOKafkaProducer(**endpoint.client(), transactional_id=transactional_id)
    async with running(client) as producer, producer.transaction():
        await producer.send_and_wait(LANE.topic(NORMALIZED.name), b"{}")


async def joined(endpoint: Endpoint, group: str) -> None:
    """All who try may read the topic: it is the group that is in question."""
    options = {"group_id": group, "auto_offset_reset": "earliest"}
    async with running(AIOKafkaConsumer(LANE.topic(RAW.name), **endpoint.client(), **options)) as consumer:
        await asyncio.wait_for(consumer.getone(), LIMIT_S)


async def created(endpoint: Endpoint, name: str) -> None:
    admin = AIOKafkaAdminClient(**endpoint.client())
    await admin.start()
    try:
        (answer,) = (await admin.create_topics([NewTopic(name, 1, 1)])).topic_errors
    finally:
        await admin.close()
    if answer[1]:
        raise for_code(answer[1])


@dataclass(frozen=True)
class Attempt:
    """Something one role may not do and another role, or the same on another name, may."""

    act: Callable[[Endpoint, str], Awaitable[None]]
    error: type[KafkaError]
    refused: tuple[str, str]
    permitted: tuple[str, str]


TOPIC, GROUP = TopicAuthorizationFailedError, GroupAuthorizationFailedError
OWN, OTHERS = "newsloom.normalize", "newsloom.dedupe"
ATTEMPTS = {
    "read what another stage reads": Attempt(read_from, TOPIC, ("normalize", UNIQUE.name), ("normalize", RAW.name)),
    "read its own output": Attempt(read_from, TOPIC, ("normalize", NORMALIZED.name), ("dedupe", NORMALIZED.name)),
    "read as a producer": Attempt(read_from, TOPIC, ("push", RAW.name), ("watch", RAW.name)),
    "write its own input": Attempt(written_to, TOPIC, ("normalize", RAW.name), ("normalize", NORMALIZED.name)),
    "write another's dead letters": Attempt(
        written_to, TOPIC, ("normalize", NORMALIZED.dead_letters), ("normalize", RAW.dead_letters)
    ),
    "write another's changelog": Attempt(
        written_to, TOPIC, ("cluster", DEDUPE_STATE.name), ("dedupe", DEDUPE_STATE.name)
    ),
    "write as a reader": Attempt(written_to, ClusterAuthorizationFailedError, ("reader", RAW.name), ("api", RAW.name)),
    "join another's group": Attempt(joined, GROUP, ("normalize", OTHERS), ("normalize", OWN)),
    "join a stage's group as a reader": Attempt(joined, GROUP, ("reader", OWN), ("reader", "reader.desk")),
    "write in a transaction": Attempt(
        written_as,
        TransactionalIdAuthorizationFailed,
        ("normalize", "newsloom-normalize"),
        (ADMIN, "newsloom-normalize"),
    ),
    "create a topic": Attempt(created, TOPIC, ("normalize", DROP_LEDGER.name), ("operator", DROP_LEDGER.name)),
}
