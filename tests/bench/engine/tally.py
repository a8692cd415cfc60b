"""How many records stand in the topics where documents end, asked of the broker without reading them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.settings import Settings
from streams.topics import CANDIDATE, DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, UNIQUE

__all__ = ["Counts", "Tally"]

_ENDS = (ENRICHED.name, DUPLICATE.name, *(topic.dead_letters for topic in (RAW, NORMALIZED, UNIQUE)))
_WATCHED = (*_ENDS, CANDIDATE.name, CANDIDATE.dead_letters, STORY_EVENT.name)


@dataclass(frozen=True, slots=True)
class Counts:
    """Records by topic, without the lane."""

    by_topic: dict[str, int]

    def done(self, articles: int) -> bool:
        """Whether so many articles have ended, and each candidate has had its story event."""
        ended = sum(self.by_topic[name] for name in _ENDS)
        clustered = self.by_topic[STORY_EVENT.name] + self.by_topic[CANDIDATE.dead_letters]
        return ended >= articles and clustered >= self.by_topic[CANDIDATE.name]


class Tally:
    """A connection that asks for end offsets."""

    def __init__(self, consumer: Any, settings: Settings) -> None:
        self._consumer = consumer
        self._places = {
            TopicPartition(settings.topic(name), number): name
            for name in _WATCHED
            for number in range(settings.partitions)
        }

    @classmethod
    @asynccontextmanager
    async def open(cls, bootstrap: str, settings: Settings) -> AsyncIterator[Self]:
        """For the time of the context."""
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            yield cls(consumer, settings)
        finally:
            await consumer.stop()

    async def counts(self) -> Counts:
        """As of now; exact, since none of these topics is compacted."""
        ends = await self._consumer.end_offsets(list(self._places))
        found = dict.fromkeys(_WATCHED, 0)
        for place, name in self._places.items():
            found[name] += ends[place]
        return Counts(found)
