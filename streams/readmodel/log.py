"""The followed topics of a lane, read by assignment: no group, nothing committed, no worker notices."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import TopicPartition

from streams.codec import Record
from streams.edge.admin import cluster_id
from streams.edge.reader import groupless_consumer, partitions_of, record_from
from streams.endpoint import Endpoint
from streams.readmodel.followed import FOLLOWED
from streams.readmodel.store import Place
from streams.settings import Settings

__all__ = ["Batch", "Log", "open_log"]

Batch = tuple[list[tuple[str, Record]], dict[Place, int]]
"""Records, each with its topic's short name, and the next offset of every partition."""


class Log:
    """All followed topics; `cluster` is the id of the cluster they are in."""

    def __init__(self, consumer: Any, cluster: str, places: Mapping[TopicPartition, Place]) -> None:
        self.cluster = cluster
        self._consumer = consumer
        self._places = places
        self._high: dict[Place, int] = {}

    async def bounds(self) -> dict[Place, tuple[int, int]]:
        """The first offset and the high-water mark of each partition, now."""
        low = await self._consumer.beginning_offsets(list(self._places))
        high = await self._consumer.end_offsets(list(self._places))
        self._high = {place: high[partition] for partition, place in self._places.items()}
        return {place: (low[partition], high[partition]) for partition, place in self._places.items()}

    def go_to(self, offsets: Mapping[Place, int]) -> None:
        """Read on from these offsets."""
        for partition, place in self._places.items():
            self._consumer.seek(partition, offsets[place])

    async def batch(self, most: int, wait_ms: int) -> Batch:
        """What there is, at most `most` records, after at most `wait_ms` of waiting."""
        found = await self._consumer.getmany(timeout_ms=wait_ms, max_records=most)
        # By position, not by record: the last offsets may be compacted away or be markers.
        after = {place: await self._consumer.position(partition) for partition, place in self._places.items()}
        records = [(self._places[partition][0], record_from(each)) for partition, got in found.items() for each in got]
        return records, after

    def lag(self, after: Mapping[Place, int]) -> int:
        """Records behind `after`, by the high-water marks the broker last told."""
        for partition, place in self._places.items():
            told = self._consumer.highwater(partition)
            self._high[place] = max(self._high.get(place, 0), told or 0)
        return sum(max(0, high - after.get(place, 0)) for place, high in self._high.items())


@asynccontextmanager
async def open_log(endpoint: Endpoint, settings: Settings) -> AsyncIterator[Log]:
    """The topics of the lane, opened; BrokerError when there is no broker, or not all of them are there."""
    cluster = await cluster_id(endpoint)
    async with groupless_consumer(endpoint) as consumer:
        places = {
            TopicPartition(settings.topic(name), number): (short, number)
            for short, name in FOLLOWED.items()
            for number in sorted(await partitions_of(consumer, settings.topic(name)))
        }
        consumer.assign(list(places))
        yield Log(consumer, cluster, places)
