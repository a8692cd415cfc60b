"""The one way out: an idempotent producer whose sends are acknowledged before anything is taken as done."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from streams.codec import MAX_RECORD_BYTES, Message
from streams.edge.failpoint import Failpoint
from streams.edge.reader import partition_for
from streams.endpoint import Endpoint
from streams.settings import Settings

__all__ = ["Outbox", "TableRecord", "send_outputs"]

# The broker's limit is on batches: one below it may hold many records, one above it only a single dead letter.
_MAX_BATCH = MAX_RECORD_BYTES
_MAX_REQUEST = MAX_RECORD_BYTES + 2 * 1024 * 1024
_ACK_TIMEOUT_S = 60.0

_partition_for = lru_cache(4096)(partition_for)

TableRecord = tuple[bytes, bytes | None, list[tuple[str, bytes]]]
"""Key, value (None deletes), headers."""


class Outbox:
    """Sends messages of this lane and waits for the broker's acknowledgement."""

    def __init__(self, endpoint: Endpoint, settings: Settings) -> None:
        self._endpoint = endpoint
        self._settings = settings
        self._producer = AIOKafkaProducer(
            **endpoint.client(),
            client_id="newsloom",
            acks="all",
            enable_idempotence=True,
            linger_ms=5,
            max_batch_size=_MAX_BATCH,
            max_request_size=_MAX_REQUEST,
            request_timeout_ms=15_000,
        )
        self._counts: dict[str, int] = {}

    async def __aenter__(self) -> Self:
        """Connect; BrokerError when there is no broker, or it lets us write nothing."""
        try:
            await self._producer.start()
        except KafkaError as error:
            await self._producer.stop()
            raise self._endpoint.failure(error) from error
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._producer.stop()

    async def send(self, messages: Iterable[Message], *, partition: int | None = None) -> list[int]:
        """Send in order and return when all are acknowledged, with the offset of each; raises when one is not.

        Without `partition` the key decides.
        """
        acks = [await self._send(message, partition) for message in messages]
        return [placed.offset for placed in await asyncio.wait_for(asyncio.gather(*acks), _ACK_TIMEOUT_S)]

    async def _send(self, message: Message, partition: int | None) -> "asyncio.Future[Any]":
        return await self._producer.send(  # type: ignore[no-any-return]
            self._settings.topic(message.topic),
            message.value,
            key=message.key,
            partition=partition,
            headers=list(message.headers),
            timestamp_ms=message.timestamp_ms,
        )

    async def send_runs(self, messages: Iterable[Message]) -> None:
        """`send` for many at once, a batch a partition: in order by partition only, and nobody is told of offsets."""
        acks: list[asyncio.Future[Any]] = []
        runs: dict[tuple[str, int], list[Message]] = defaultdict(list)
        for message in messages:
            if message.key is None:  # any partition will do
                acks.append(await self._send(message, None))
            else:
                topic = self._settings.topic(message.topic)
                runs[topic, await self._partition(topic, message.key)].append(message)
        for (topic, partition), run in runs.items():
            acks += await self._send_run(topic, partition, run)
        await asyncio.wait_for(asyncio.gather(*acks), _ACK_TIMEOUT_S)

    async def _partition(self, topic: str, key: bytes) -> int:
        if topic not in self._counts:
            self._counts[topic] = len(await self._producer.partitions_for(topic))
        return _partition_for(key, self._counts[topic])

    async def _send_run(self, topic: str, partition: int, messages: Sequence[Message]) -> list["asyncio.Future[Any]"]:
        """Send to one partition by batches: an acknowledgement each, not one a record."""
        batches = [self._producer.create_batch()]
        for message in messages:
            at, headers = message.timestamp_ms, list(message.headers)
            if batches[-1].append(timestamp=at, key=message.key, value=message.value, headers=headers) is None:
                batches.append(self._producer.create_batch())  # an empty one takes any record
                batches[-1].append(timestamp=at, key=message.key, value=message.value, headers=headers)
        return [await self._producer.send_batch(batch, topic, partition=partition) for batch in batches]

    async def send_atomically(self, topic: str, partition: int, records: Sequence[TableRecord]) -> int:
        """Send `records` as one Kafka record batch, in the log whole or not at all; returns the first offset.

        `topic` is the full name. OverflowError when they do not fit into one batch.
        """
        batch = self._producer.create_batch()
        for key, value, headers in records:
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                raise OverflowError(f"{len(records)} records do not fit into one batch of {topic}")
        batch.close()
        ack = await self._producer.send_batch(batch, topic, partition=partition)
        metadata = await asyncio.wait_for(ack, _ACK_TIMEOUT_S)
        return int(metadata.offset)


async def send_outputs(outbox: Outbox, messages: Sequence[Message], failpoint: Failpoint) -> None:
    """Send a batch's outputs, past the two points at which a test may end the worker."""
    if failpoint.armed("output"):
        half = len(messages) // 2
        await outbox.send_runs(messages[:half])
        failpoint.reach("output")
        messages = messages[half:]
    await outbox.send_runs(messages)
    failpoint.reach("outputs")
