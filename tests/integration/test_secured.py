"""A secured Kafka: what a principal has no rule for is refused, and what it has one for is not."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
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

from streams.edge.admin import create_topics
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.local.probe import probe
from streams.local.runtime import ready_runtime
from streams.security.acl import PRINCIPAL_PREFIX, Acl, acls, rules
from streams.security.apply import Changes, apply_acls, open_permissions
from streams.settings import Settings
from streams.topics import DEDUPE_STATE, DROP_LEDGER, NORMALIZED, RAW, UNIQUE
from streams.topology import TOPOLOGY
from tests.integration.certificates import Authority, written
from tests.integration.secured import ADMIN, Secured, secured_broker

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120), pytest.mark.asyncio(loop_scope="module")]

LANE = Settings(lane="refusals", partitions=1)
LIMIT_S = 15


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Secured]:
    """A broker with a user for each role, the rules of a lane, its topics without those beside the flow, all filled."""
    users = [ADMIN, *(f"{PRINCIPAL_PREFIX}{role}" for role in rules(LANE))]
    runtime, folder = ready_runtime(Settings(), print), tmp_path_factory.mktemp("secured")
    async with secured_broker(runtime, folder, {user: secrets.token_hex(8) for user in users}) as started:
        await apply_acls(started.endpoint(ADMIN), LANE, prefix=PRINCIPAL_PREFIX, prune=False)
        names = await create_topics(of(started, "operator"), LANE, list(TOPOLOGY))
        await written_to(of(started, "operator"), *names)
        yield started


def of(cluster: Secured, role: str) -> Endpoint:
    return cluster.endpoint(role if role == ADMIN else f"{PRINCIPAL_PREFIX}{role}")


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


@pytest.mark.parametrize("what", ATTEMPTS)
async def test_what_no_rule_allows_is_refused_and_what_one_allows_is_not(cluster: Secured, what: str) -> None:
    attempt = ATTEMPTS[what]
    (who, name), (other, allowed) = attempt.refused, attempt.permitted
    with pytest.raises(attempt.error):
        await attempt.act(of(cluster, who), LANE.topic(name))
    await attempt.act(of(cluster, other), LANE.topic(allowed))


async def test_who_is_refused_reads_why_in_one_line(cluster: Secured) -> None:
    for role, topic, why in (
        ("normalize", NORMALIZED.name, "newsloom-normalize may not do this"),
        ("normalize", UNIQUE.name, f"no topic {LANE.topic(UNIQUE.name)} that newsloom-normalize may see"),
    ):
        with pytest.raises(BrokerError, match=why) as caught:
            _ = [record async for record in read_topic(of(cluster, role), LANE.topic(topic))]
        assert "\n" not in str(caught.value)


async def test_a_stranger_is_not_let_in_and_told_what_is_wrong(cluster: Secured, tmp_path: Path) -> None:
    stranger = written(tmp_path / "other.pem", Authority.new("another").pem)
    plain = {"security_protocol": "PLAINTEXT", "sasl_username": "", "sasl_password": None, "ssl_ca_file": None}
    changes: list[tuple[dict[str, Any], str]] = [
        ({"sasl_password": secrets.token_hex(8)}, "newsloom-push is not let in: no such user, or another password"),
        ({"sasl_username": "nobody"}, "nobody is not let in: no such user, or another password"),
        ({"sasl_mechanism": "PLAIN"}, "it has no login by PLAIN"),
        ({"ssl_ca_file": stranger}, "its certificate is not trusted, .*; NEWSLOOM_SSL_CA_FILE names authorities"),
        ({"ssl_ca_file": None}, "its certificate is not trusted, .*; NEWSLOOM_SSL_CA_FILE names authorities"),
        (plain, "does not answer as a Kafka broker: .*; a secured one wants NEWSLOOM_SECURITY_PROTOCOL"),
    ]
    for change, why in changes:
        with pytest.raises(BrokerError, match=why):
            await probe(cluster.endpoint("newsloom-push", **change), limit_s=LIMIT_S)
    await probe(of(cluster, "push"), limit_s=LIMIT_S)


async def test_permissions_are_made_once_and_those_that_are_gone_go_when_told(cluster: Secured) -> None:
    lane = LANE.model_copy(update={"lane": "rules"})
    apply = partial(apply_acls, cluster.endpoint(ADMIN), lane, prefix=PRINCIPAL_PREFIX)
    wanted = acls(lane)
    assert await apply(prune=False) == Changes(wanted, ())
    assert await apply(prune=True) == Changes((), ())
    foreign = Acl("auditors", "TOPIC", lane.topic(RAW.name), "LITERAL", "READ")
    stale = Acl("newsloom-enrich", "TOPIC", lane.topic(RAW.name), "LITERAL", "READ")
    elsewhere = Acl("newsloom-enrich", "TOPIC", "payments", "LITERAL", "READ")
    async with open_permissions(cluster.endpoint(ADMIN)) as permissions:
        await permissions.create([foreign, stale, elsewhere])
    assert await apply(prune=False) == Changes((), (stale,))
    assert await apply(prune=True) == Changes((), (stale,))
    assert await apply(prune=True) == Changes((), ())
    async with open_permissions(cluster.endpoint(ADMIN)) as permissions:
        assert {foreign, elsewhere} <= set(await permissions.known())


async def test_only_a_super_user_changes_permissions(cluster: Secured) -> None:
    with pytest.raises(BrokerError, match="only a super user of the cluster may see and change ACLs"):
        await apply_acls(of(cluster, "operator"), LANE, prefix=PRINCIPAL_PREFIX, prune=False)
