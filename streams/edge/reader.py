"""Reading topics without a group: nothing is ever committed, and no worker notices."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Literal

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

import streams.edge.connection  # noqa: F401 - for all clients of a process that reads or writes by this package
from streams.codec import Record
from streams.endpoint import Endpoint
from streams.errors import BrokerError

__all__ = [
    "Start",
    "groupless_consumer",
    "no_topic",
    "partition_count",
    "partition_for",
    "partitions_of",
    "read_table",
    "read_topic",
    "read_topics",
    "record_from",
    "start_places",
]

Start = Literal["earliest", "latest"] | int | datetime
"""Where to begin: an end of the log, an offset of every partition (negative: so many before its end), or an instant."""

_FETCH_BYTES = 4 * 1024 * 1024
_POLL_MS = 500
_REQUEST_MS = 20_000
_METADATA_TRIES = 20
_METADATA_PAUSE_S = 0.5
_PARTITION = DefaultPartitioner()


def partition_for(key: bytes, count: int) -> int:
    """Partition of `key` in a topic of `count`: murmur2, as every Kafka client has it."""
    return int(_PARTITION(key, list(range(count)), []))


async def partition_count(endpoint: Endpoint, topic_name: str) -> int:
    """Number of partitions; BrokerError when there is no such topic."""
    async with groupless_consumer(endpoint) as consumer:
        return len(await partitions_of(consumer, topic_name))


def read_topic(
    endpoint: Endpoint,
    topic_name: str,
    *,
    start: Start = "earliest",
    until_end: bool = True,
    partitions: Iterable[int] | None = None,
) -> AsyncGenerator[Record, None]:
    """`read_topics` of one topic, or of some of its partitions."""
    return read_topics(endpoint, (topic_name,), start=start, until_end=until_end, partitions=partitions)


async def read_topics(
    endpoint: Endpoint,
    topic_names: Iterable[str],
    *,
    start: Start = "earliest",
    until_end: bool = True,
    partitions: Iterable[int] | None = None,
) -> AsyncGenerator[Record, None]:
    """Committed records of topics, in the order of each partition.

    With `until_end` it stops at the high-water marks found when it began, else never.
    Leave it early only through `contextlib.aclosing`. BrokerError when there is no such topic.
    """
    async with groupless_consumer(endpoint) as consumer:
        wanted = None if partitions is None else set(partitions)
        assigned = [
            TopicPartition(name, number)
            for name in topic_names
            for number in sorted(await partitions_of(consumer, name))
            if wanted is None or number in wanted
        ]
        if not assigned:
            return
        consumer.assign(assigned)
        ends = await consumer.end_offsets(assigned)
        places = await start_places(consumer, assigned, ends, start)
        for partition, offset in places.items():
            consumer.seek(partition, offset)
        waiting = {p for p in assigned if not until_end or places[p] < ends[p]}
        while waiting:
            batches = await consumer.getmany(*waiting, timeout_ms=_POLL_MS)
            for partition, records in batches.items():
                for record in records:
                    if not until_end or record.offset < ends[partition]:
                        yield record_from(record)
            if until_end:
                # By position, not by record: the last offsets may be compacted away or be markers.
                waiting = {p for p in waiting if await consumer.position(p) < ends[p]}


async def read_table(
    endpoint: Endpoint, topic_name: str, *, partitions: Iterable[int] | None = None
) -> dict[bytes, bytes]:
    """The last value of every key as of now, deleted ones gone, in key order."""
    table: dict[bytes, bytes] = {}
    async for record in read_topic(endpoint, topic_name, partitions=partitions):
        if record.value is None:
            table.pop(record.key or b"", None)
        else:
            table[record.key or b""] = record.value
    return dict(sorted(table.items()))


@asynccontextmanager
async def groupless_consumer(endpoint: Endpoint) -> AsyncIterator[Any]:
    """An aiokafka consumer of committed records that is in no group; BrokerError for what goes wrong with it."""
    consumer = AIOKafkaConsumer(
        **endpoint.client(),
        client_id="newsloom-reader",
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=_FETCH_BYTES,
        request_timeout_ms=_REQUEST_MS,
    )
    try:
        await consumer.start()
        yield consumer
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await _stopped(consumer)


async def _stopped(consumer: Any) -> None:
    """Stop it; that aiokafka cancels its own fetches, and may pass that on, is not for us to be cancelled by."""
    stopping = asyncio.ensure_future(consumer.stop())
    await asyncio.wait([stopping])
    if not stopping.cancelled():
        stopping.result()


async def partitions_of(consumer: Any, topic_name: str) -> set[int]:
    """Numbers of a topic's partitions; BrokerError when there is no such topic."""
    # All topics are asked for: a question about one may create it. The consumer keeps
    # only what it is assigned, so its public methods know of no other topic's partitions.
    cluster = await _metadata(consumer._client)  # noqa: SLF001
    found: set[int] | None = cluster.partitions_for_topic(topic_name)
    if not found:
        raise no_topic(consumer, topic_name)
    return found


def no_topic(consumer: Any, topic_name: str) -> BrokerError:
    """What to raise for a topic that is not there, or that is hidden from the login, which looks the same."""
    who = consumer._client._sasl_plain_username  # noqa: SLF001 - nobody else tells
    seen = f" that {who} may see" if who else ""
    return BrokerError(f"no topic {topic_name}{seen}; `newsloom topics create` makes it")


async def start_places(
    consumer: Any, assigned: list[TopicPartition], ends: dict[TopicPartition, int], start: Start
) -> dict[TopicPartition, int]:
    """Offset of each partition to begin at; `ends` are their high-water marks."""
    begins = await consumer.beginning_offsets(assigned)
    if isinstance(start, datetime):
        millis = int(start.timestamp() * 1000)
        found = await consumer.offsets_for_times(dict.fromkeys(assigned, millis))
        places = {p: found[p].offset if found.get(p) else ends[p] for p in assigned}
    elif isinstance(start, int):
        wanted = {p: start if start >= 0 else ends[p] + start for p in assigned}
        places = {p: min(max(wanted[p], begins[p]), ends[p]) for p in assigned}
    else:
        places = begins if start == "earliest" else ends
    return dict(places)


async def _metadata(client: Any) -> Any:
    """What the cluster says of itself; a lone broker whose heartbeat is late says nothing for a moment."""
    for _ in range(_METADATA_TRIES):
        try:
            return await client.fetch_all_metadata()
        except KafkaError:
            await asyncio.sleep(_METADATA_PAUSE_S)
    return await client.fetch_all_metadata()


def record_from(record: Any) -> Record:
    """A consumer's record as ours."""
    return Record(
        record.topic, record.partition, record.offset, record.key, record.value, tuple(record.headers), record.timestamp
    )
