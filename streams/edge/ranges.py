"""Reading given offsets of a topic, a partition at a time as the reader asks: by assignment, in no group."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import TopicPartition

from streams.codec import Record
from streams.edge.reader import groupless_consumer, partitions_of, record_from
from streams.endpoint import Endpoint

__all__ = ["RangeReader", "instants", "marks", "open_ranges"]

_POLL_MS = 500
_AT_A_TIME = 500


async def marks(endpoint: Endpoint, topic_name: str) -> tuple[tuple[int, int], ...]:
    """Low and high-water mark of each partition; BrokerError when there is no such topic."""
    async with groupless_consumer(endpoint) as consumer:
        partitions = await _assigned(consumer, topic_name)
        low, high = await consumer.beginning_offsets(partitions), await consumer.end_offsets(partitions)
        return tuple((low[partition], high[partition]) for partition in partitions)


async def instants(endpoint: Endpoint, topic_name: str, time: datetime) -> tuple[int | None, ...]:
    """Of each partition the first offset that was appended at `time` or later; None when none was."""
    async with groupless_consumer(endpoint) as consumer:
        partitions = await _assigned(consumer, topic_name)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, int(time.timestamp() * 1000)))
        return tuple(found[partition].offset if found.get(partition) else None for partition in partitions)


@asynccontextmanager
async def open_ranges(
    endpoint: Endpoint, topic_name: str, ranges: Mapping[int, tuple[int, int]]
) -> AsyncIterator["RangeReader"]:
    """A reader of the offsets [start, end) of each partition in `ranges`."""
    async with groupless_consumer(endpoint) as consumer:
        known = await partitions_of(consumer, topic_name)
        spans = {TopicPartition(topic_name, number): span for number, span in ranges.items() if number in known}
        if spans:
            consumer.assign(list(spans))
        for partition, (start, _) in spans.items():
            consumer.seek(partition, start)
        yield RangeReader(consumer, spans)


class RangeReader:
    """What is left of the ranges; nothing is fetched of a partition that nobody asks for beyond one request."""

    def __init__(self, consumer: Any, spans: dict[TopicPartition, tuple[int, int]]) -> None:
        self._consumer = consumer
        self._ends = {partition: end for partition, (start, end) in spans.items() if start < end}
        self._by_number = {partition.partition: partition for partition in spans}

    @property
    def open(self) -> frozenset[int]:
        """Partitions that have not been read to the end of their range."""
        return frozenset(partition.partition for partition in self._ends)

    async def more(self, numbers: Iterable[int]) -> dict[int, list[Record]]:
        """Next records of some of these partitions, in order; empty when none came in time."""
        wanted = [self._by_number[number] for number in numbers if self._by_number.get(number) in self._ends]
        if not wanted:
            return {}
        batches = await self._consumer.getmany(*wanted, timeout_ms=_POLL_MS, max_records=_AT_A_TIME)
        found = {
            partition.partition: [record_from(each) for each in batch if each.offset < self._ends[partition]]
            for partition, batch in batches.items()
        }
        for partition in wanted:
            # By position, not by record: the last offsets may be compacted away or be markers.
            if await self._consumer.position(partition) >= self._ends[partition]:
                del self._ends[partition]
        return {number: records for number, records in found.items() if records}

    async def each(self) -> AsyncIterator[Record]:
        """All that is left, in the order of each partition."""
        while self._ends:
            for records in (await self.more(self.open)).values():
                for record in records:
                    yield record


async def _assigned(consumer: Any, topic_name: str) -> list[TopicPartition]:
    partitions = [TopicPartition(topic_name, number) for number in sorted(await partitions_of(consumer, topic_name))]
    consumer.assign(partitions)
    return partitions
