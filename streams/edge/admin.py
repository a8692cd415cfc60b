"""Topics of a lane: create them, describe them, and how far each stage has come."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import (
    InvalidReplicationFactorError,
    KafkaError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)

from streams.codec import MAX_RECORD_BYTES
from streams.edge.reader import no_topic
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.settings import Settings
from streams.topics import DAY_MS, Topic
from streams.topology import BESIDE, TOPOLOGY, Stage, topics

__all__ = [
    "LagWatch",
    "StageLag",
    "TopicFacts",
    "cluster_id",
    "create_topics",
    "delete_topics",
    "describe",
    "need_topics",
    "stage_lags",
    "topic_configs",
    "total_lag",
]

# Room for key and headers beside the largest value, and for a dead letter's reasons beside those.
_RECORD_BYTES = str(MAX_RECORD_BYTES + 512 * 1024)
_LETTER_BYTES = str(MAX_RECORD_BYTES + 1024 * 1024)

# The broker's clock: a producer's that is an hour fast would have its records refused.
_BY_BROKER = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": _RECORD_BYTES}

# Never `delete`: a state that loses old keys is no longer what its inputs made of it. A day's grace: a zombie's
# late record must not outlive the value it is void against, and a reader that slept still sees every version.
_COMPACT = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(DAY_MS)}
_REQUEST_MS = 20_000


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic as the broker has it.

    `watermarks` holds (low, high) of each partition; `records` is the sum of high - low,
    the exact number of records unless the topic is compacted or had transactions.
    """

    name: str
    exists: bool
    partitions: int = 0
    records: int = 0
    watermarks: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class StageLag:
    """Records a stage has yet to commit, and where it stands, by partition of the topic it reads."""

    stage: str
    group: str
    topic: str
    partitions: tuple[int, ...]
    committed: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Lag over all partitions."""
        return sum(self.partitions)


def topic_configs(settings: Settings, flow: Sequence[Stage] = TOPOLOGY) -> dict[str, dict[str, str]]:
    """Every topic of the lane with its broker configuration: public ones, dead letters, state changelogs."""
    configs: dict[str, dict[str, str]] = {}
    for topic in (*topics(flow), *(BESIDE if flow is TOPOLOGY else ())):
        configs[settings.topic(topic.name)] = _public(topic)
    for stage in flow:
        # Dead letters are for people: they get 30 days, whatever their source keeps. Their time is the original one.
        configs[settings.topic(stage.reads.dead_letters)] = _deleted(30 * DAY_MS) | {"max.message.bytes": _LETTER_BYTES}
        if stage.table is not None:
            configs[settings.topic(stage.table.name)] = _COMPACT | _BY_BROKER
    return configs


def _public(topic: Topic) -> dict[str, str]:
    return _BY_BROKER | (_COMPACT if topic.cleanup == "compact" else _deleted(topic.retention_ms))


def _deleted(retention_ms: int) -> dict[str, str]:
    return {"cleanup.policy": "delete", "retention.ms": str(retention_ms)}


async def create_topics(endpoint: Endpoint, settings: Settings, flow: Sequence[Stage] = TOPOLOGY) -> list[str]:
    """Create what is missing; names of the topics created.

    BrokerError when the broker refuses, or a topic has another number of partitions
    than `settings.partitions`: keys would be spread differently from one topic to the next.
    """
    configs = topic_configs(settings, flow)
    async with _admin(endpoint) as admin:
        existing = await _partition_counts(admin)
        _check_counts({name: existing[name] for name in configs if name in existing}, settings.partitions)
        missing = [name for name in configs if name not in existing]
        if not missing:
            return []
        created = await _create(admin, [(name, configs[name]) for name in missing], settings)
        await _until_visible(admin, missing)
        return created


async def need_topics(endpoint: Endpoint, settings: Settings, names: Iterable[str], groups: Iterable[str] = ()) -> None:
    """See that the lane has these topics, named without it; when one is missing, all that are missing are created.

    So a login that may not create topics, and sees none but its own, starts where an operator has made them.
    `groups` that are about to be joined have a coordinator then, unless the broker takes too long.
    BrokerError as by `create_topics`.
    """
    wanted = [settings.topic(name) for name in names]
    async with _admin(endpoint) as admin:
        existing = await _partition_counts(admin)
        for group in groups:
            await _coordinated(admin, group)
    _check_counts({name: existing[name] for name in wanted if name in existing}, settings.partitions)
    if not existing.keys() >= set(wanted):
        await create_topics(endpoint, settings)


async def _coordinated(admin: Any, group: str) -> None:
    """A fresh broker makes the topic of its groups when one is asked for; consumers log each try as an error."""
    for _ in range(100):
        try:
            await admin.find_coordinator(group)
        except KafkaError as error:
            if not error.retriable:
                return  # not ours to know; whoever joins is told why
            await asyncio.sleep(0.05)
        else:
            return


def _check_counts(counts: dict[str, int], wanted: int) -> None:
    wrong = {name: count for name, count in sorted(counts.items()) if count != wanted}
    if wrong:
        listed = ", ".join(f"{name} has {count}" for name, count in wrong.items())
        raise BrokerError(f"topics must have {wanted} partitions, but {listed}; set NEWSLOOM_PARTITIONS or use a lane")


async def _create(admin: Any, wanted: list[tuple[str, dict[str, str]]], settings: Settings) -> list[str]:
    new = [
        NewTopic(
            name, num_partitions=settings.partitions, replication_factor=settings.replication, topic_configs=config
        )
        for name, config in wanted
    ]
    created = []
    for name, code, *rest in await _answers(admin, new):
        if code == 0:
            created.append(name)
        elif for_code(code) is TopicAuthorizationFailedError:
            raise BrokerError(
                f"topic {name} is not there for this login, which may not create it; see `newsloom acl print`"
            )
        elif for_code(code) is not TopicAlreadyExistsError:  # another worker was faster
            raise BrokerError(f"topic {name}: {for_code(code).__name__}: {rest[0] if rest else ''}")
    return created


async def _answers(admin: Any, new: list[NewTopic]) -> list[Any]:
    """What a cluster says of each; asked again while it has too few brokers: one whose heartbeat is late is none."""
    for _ in range(20):
        answers: list[Any] = (await admin.create_topics(new, timeout_ms=_REQUEST_MS)).topic_errors
        if not any(for_code(code) is InvalidReplicationFactorError for _, code, *_ in answers):
            break
        await asyncio.sleep(0.5)
    return answers


async def _until_visible(admin: Any, names: Iterable[str]) -> None:
    """A created topic may be unknown for a moment to the broker that is asked next."""
    names = set(names)
    for _ in range(100):
        if names <= set(await _partition_counts(admin)):
            return
        await asyncio.sleep(0.05)
    raise BrokerError("the created topics do not appear")


async def delete_topics(endpoint: Endpoint, settings: Settings) -> list[str]:
    """Delete the topics of a lane; names of those that were there. UsageError for the live lane."""
    if not settings.lane:
        raise UsageError("the topics of the live lane are not to be deleted")
    async with _admin(endpoint) as admin:
        existing = await _partition_counts(admin)
        names = [name for name in topic_configs(settings) if name in existing]
        if names:
            await admin.delete_topics(names, timeout_ms=_REQUEST_MS)
        return names


async def describe(endpoint: Endpoint, settings: Settings) -> list[TopicFacts]:
    """Facts about every topic of the lane, in the order of the flow; missing ones say so."""
    async with _admin(endpoint) as admin:
        counts = await _partition_counts(admin)
    names = list(topic_configs(settings))
    async with _asker(endpoint) as consumer:
        marks = await _watermarks(consumer, {name: counts[name] for name in names if name in counts})
    return [
        TopicFacts(name, exists=True, partitions=counts[name], records=_spread(marks[name]), watermarks=marks[name])
        if name in counts
        else TopicFacts(name, exists=False)
        for name in names
    ]


async def cluster_id(endpoint: Endpoint) -> str:
    """The id that the cluster was formatted with: another cluster at the same address has another one."""
    async with _admin(endpoint) as admin:
        return str((await admin.describe_cluster())["cluster_id"])


async def stage_lags(endpoint: Endpoint, settings: Settings, flow: Sequence[Stage] = TOPOLOGY) -> list[StageLag]:
    """Lag of every stage; a partition with nothing committed counts from its log start."""
    async with _admin(endpoint) as admin, _asker(endpoint) as consumer:
        return await _lags(admin, consumer, settings, flow)


class LagWatch:
    """`stage_lags` again and again over the same connections; after a look that fails they are opened anew."""

    def __init__(self, endpoint: Endpoint, settings: Settings, flow: Sequence[Stage] = TOPOLOGY) -> None:
        self._endpoint, self._settings, self._flow = endpoint, settings, flow
        self._open: AsyncExitStack | None = None

    async def look(self) -> list[StageLag]:
        """As `stage_lags` has it."""
        try:
            if self._open is None:
                self._open = AsyncExitStack()
                self._admin = await self._open.enter_async_context(_admin(self._endpoint))
                self._consumer = await self._open.enter_async_context(_asker(self._endpoint))
            return await _lags(self._admin, self._consumer, self._settings, self._flow)
        except (KafkaError, TimeoutError) as error:
            await self.close()
            raise self._endpoint.failure(error) from error
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Close the connections; another look opens them."""
        connections, self._open = self._open, None
        if connections is not None:
            await connections.aclose()


async def _lags(admin: Any, consumer: Any, settings: Settings, flow: Sequence[Stage]) -> list[StageLag]:
    counts = await _partition_counts(admin)
    groups = {stage.name: settings.group(stage.name) for stage in flow}
    committed = {name: await _committed(admin, group) for name, group in groups.items()}
    reads = {stage.name: settings.topic(stage.reads.name) for stage in flow}
    missing = sorted(set(reads.values()) - set(counts))
    if missing:
        raise no_topic(consumer, missing[0])
    marks = await _watermarks(consumer, {topic: counts[topic] for topic in reads.values()})
    lags = []
    for stage, topic in reads.items():
        positions = [
            max(committed[stage].get((topic, number), low), low) for number, (low, _) in enumerate(marks[topic])
        ]
        behind = tuple(max(high - at, 0) for (_, high), at in zip(marks[topic], positions, strict=True))
        lags.append(StageLag(stage, groups[stage], topic, behind, tuple(positions)))
    return lags


async def total_lag(endpoint: Endpoint, settings: Settings, flow: Sequence[Stage] = TOPOLOGY) -> dict[str, int]:
    """Records each stage has yet to commit, by stage name."""
    return {lag.stage: lag.total for lag in await stage_lags(endpoint, settings, flow)}


def _spread(watermarks: tuple[tuple[int, int], ...]) -> int:
    return sum(high - low for low, high in watermarks)


@asynccontextmanager
async def _admin(endpoint: Endpoint) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**endpoint.client(), client_id="newsloom", request_timeout_ms=_REQUEST_MS)
    try:
        await admin.start()
        await _introduced(admin._client)  # noqa: SLF001 - the admin client asks nobody until it knows somebody
        yield admin
    except (KafkaError, TimeoutError) as error:
        raise endpoint.failure(error) from error
    finally:
        await admin.close()


async def _introduced(client: Any) -> None:
    """See that a client knows a broker: a lone one whose heartbeat is late names nobody for a moment, nor itself."""
    for _ in range(20):
        if client.cluster.brokers():
            return
        await asyncio.sleep(0.5)
        await client.force_metadata_update()


async def _partition_counts(admin: Any) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics() if topic["partitions"]}


async def _committed(admin: Any, group: str) -> dict[tuple[str, int], int]:
    for _ in range(50):
        try:
            offsets = await admin.list_consumer_group_offsets(group)
        except KafkaError as error:
            if not error.retriable:
                raise
            await asyncio.sleep(0.1)  # the coordinator of a fresh broker loads its offsets first
            continue
        return {(tp.topic, tp.partition): at.offset for tp, at in offsets.items() if at.offset >= 0}
    raise BrokerError(f"no coordinator for group {group}")


@asynccontextmanager
async def _asker(endpoint: Endpoint) -> AsyncIterator[Any]:
    consumer = AIOKafkaConsumer(**endpoint.client(), enable_auto_commit=False, request_timeout_ms=_REQUEST_MS)
    try:
        await consumer.start()
        await asyncio.sleep(0)  # aiokafka cannot stop what has not yet begun to run
        yield consumer
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await consumer.stop()


async def _watermarks(consumer: Any, counts: dict[str, int]) -> dict[str, tuple[tuple[int, int], ...]]:
    partitions = [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]
    if not partitions:
        return {}
    low = await consumer.beginning_offsets(partitions)
    high = await consumer.end_offsets(partitions)
    return {
        name: tuple((low[TopicPartition(name, n)], high[TopicPartition(name, n)]) for n in range(count))
        for name, count in counts.items()
    }
