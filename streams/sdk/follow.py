"""Following topics without a group: from given places on, for ever, knowing the place at every moment."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from aiokafka import TopicPartition

from streams.codec import Record
from streams.edge.reader import groupless_consumer, partitions_of, record_from, start_places
from streams.endpoint import Endpoint
from streams.sdk.cursor import Cursor

__all__ = ["Follower", "Gap", "Since", "follow"]

Since = Literal["earliest", "latest"] | datetime | Cursor
"""Where to begin: an end of the log, an instant of the broker's clock, or where somebody stopped."""

_BATCH = 200


@dataclass(frozen=True, slots=True)
class Gap:
    """Records of a partition that are no longer there: wanted from `wanted` on, found from `found` on.

    `found` is below `wanted` when the topic was made anew.
    """

    topic: str
    partition: int
    wanted: int
    found: int


class Follower:
    """Records of some topics, in the order of each partition. `gaps` collects what could not be had."""

    def __init__(
        self, consumer: Any, positions: dict[TopicPartition, int], gaps: list[Gap], tables: frozenset[str]
    ) -> None:
        self._consumer = consumer
        self._positions = positions
        self._tables = tables
        self.gaps = gaps

    async def batch(self, wait_s: float) -> list[Record]:
        """The next records, none after `wait_s` seconds without any."""
        batches = await self._consumer.getmany(timeout_ms=int(wait_s * 1000), max_records=_BATCH)
        for partition, records in batches.items():
            # In a table old records go all the time; elsewhere only when they are past their retention.
            if records[0].offset != self._positions[partition] and partition.topic not in self._tables:
                await self._look_behind(partition, records[0].offset)
        return [record_from(record) for records in batches.values() for record in records]

    def passed(self, record: Record) -> None:
        """The reader has dealt with `record`, and all before it in its partition."""
        self._positions[TopicPartition(record.topic, record.partition)] = record.offset + 1

    @property
    def cursor(self) -> Cursor:
        """Behind all that was passed."""
        places: dict[str, list[int]] = {}
        for partition in sorted(self._positions):
            places.setdefault(partition.topic, []).append(self._positions[partition])
        return Cursor({name: tuple(offsets) for name, offsets in places.items()})

    async def _look_behind(self, partition: TopicPartition, found: int) -> None:
        """Transaction markers take offsets too: it is a gap only where the log begins later."""
        begins = await self._consumer.beginning_offsets([partition])
        if begins[partition] > self._positions[partition]:
            self.gaps.append(Gap(partition.topic, partition.partition, self._positions[partition], found))


@asynccontextmanager
async def follow(
    endpoint: Endpoint,
    topic_names: Iterable[str],
    since: Since,
    *,
    otherwise: Since = "latest",
    tables: Iterable[str] = (),
) -> AsyncIterator[Follower]:
    """Follow topics, full names, of which `tables` are compacted; BrokerError when there is no such topic.

    A cursor's partitions that are gone are a gap, new ones are read from their start; topics it
    does not know begin at `otherwise`.
    """
    async with groupless_consumer(endpoint) as consumer:
        assigned = [
            TopicPartition(name, number)
            for name in dict.fromkeys(topic_names)
            for number in sorted(await partitions_of(consumer, name))
        ]
        consumer.assign(assigned)
        positions, gaps = await _places(consumer, assigned, since, otherwise)
        for partition, offset in positions.items():
            consumer.seek(partition, offset)
        yield Follower(consumer, positions, gaps, frozenset(tables))


async def _places(
    consumer: Any, assigned: list[TopicPartition], since: Since, otherwise: Since
) -> tuple[dict[TopicPartition, int], list[Gap]]:
    ends = await consumer.end_offsets(assigned)
    if not isinstance(since, Cursor):
        return await start_places(consumer, assigned, ends, since), []
    fallback: Literal["earliest", "latest"] | datetime = "latest" if isinstance(otherwise, Cursor) else otherwise
    places = await start_places(consumer, assigned, ends, fallback)
    begins = await start_places(consumer, assigned, ends, "earliest")
    gaps = []
    for partition in assigned:
        offsets = since.places.get(partition.topic)
        if offsets is None:
            continue
        wanted = offsets[partition.partition] if partition.partition < len(offsets) else begins[partition]
        kept = begins[partition] <= wanted <= ends[partition]
        places[partition] = wanted if kept else begins[partition]
        if not kept:
            gaps.append(Gap(partition.topic, partition.partition, wanted, begins[partition]))
    return places, gaps
