"""Records in the topics that readers see, as the pipeline writes them, without the pipeline."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from schemas import EnrichedArticle, Event, Layers, Source, Story
from streams.codec import Headers, Message, encode
from streams.edge.admin import create_topics
from streams.edge.outbox import Outbox
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.topics import ENRICHED, Topic
from tests.builders import BODY, SEEN_AT, article

__all__ = ["Newsroom", "enriched", "opened", "story"]


def enriched(number: int, *, source: str = "gazette", language: str = "en") -> EnrichedArticle:
    """Article `number` with no layers over it."""
    of = article(f"{BODY}\n\nDispatch number {number}.", source=Source(id=source), language=language)
    return EnrichedArticle(
        document_id=of.document_id,
        article_id=of.article_id,
        first_seen_at=of.first_seen_at,
        article=of,
        layers=Layers(),
    )


def story(number: int, version: int = 1) -> Story:
    """Story `number`, with one member that is not there."""
    return Story.model_validate(
        {
            "story_id": f"sty_{number:032x}",
            "version": version,
            "status": "active",
            "title": f"Story {number}",
            "language": "en",
            "representative_article_id": "art_1",
            "article_count": 1,
            "source_count": 1,
            "first_seen_at": SEEN_AT,
            "last_seen_at": SEEN_AT,
            "algorithm": {"name": "test", "version": "1", "config_hash": "0"},
        }
    )


class Newsroom:
    """Writes into the topics of a lane."""

    def __init__(self, outbox: Outbox, settings: Settings) -> None:
        self._outbox = outbox
        self.settings = settings
        self._sent = 0

    async def put(self, topic: Topic, *values: Event) -> None:
        """Append values, each with an id of its own."""
        await self._outbox.send([self._message(topic, value) for value in values])

    async def articles(self, numbers: Iterable[int], **fields: str) -> None:
        """Append articles by number."""
        await self.put(ENRICHED, *(enriched(number, **fields) for number in numbers))

    async def again(self, topic: Topic, value: Event) -> None:
        """Append a value twice with one id, as a worker does that was killed in between."""
        message = self._message(topic, value)
        await self._outbox.send([message, message])

    async def tombstone(self, topic: Topic, key: str) -> None:
        """Delete a key."""
        await self._outbox.send([Message(topic.name, key.encode(), None)])

    async def garbage(self, topic: Topic, key: str) -> None:
        """Append something that is no value of the topic."""
        await self._outbox.send([Message(topic.name, key.encode(), b"{")])

    async def dead_letter(self, topic: Topic, reason: str) -> None:
        """Park a record of `topic`."""
        headers = (("x-news-error-code", reason.encode()),)
        await self._outbox.send([Message(topic.dead_letters, b"key", b"bytes", headers)])

    async def forget(self, topic: Topic, *, before: int) -> None:
        """Have the broker drop the records of every partition below an offset, as retention does."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.settings.broker)
        await admin.start()
        try:
            name = self.settings.topic(topic.name)
            partitions = [TopicPartition(name, number) for number in range(self.settings.partitions)]
            await admin.delete_records({each: RecordsToDelete(before_offset=before) for each in partitions})
        finally:
            await admin.close()

    def _message(self, topic: Topic, value: Event) -> Message:
        self._sent += 1
        headers: Headers = (
            ("ce_specversion", b"1.0"),
            ("ce_id", f"test:{self._sent}".encode()),
            ("ce_type", topic.name.encode()),
            ("ce_source", b"/pipeline/test"),
            ("ce_subject", topic.subject(value).encode()),
            ("ce_time", SEEN_AT.isoformat().encode()),
        )
        return Message(topic.name, topic.key(value).encode(), encode(value), headers)


@asynccontextmanager
async def opened(endpoint: Endpoint, settings: Settings) -> AsyncIterator[Newsroom]:
    """Topics of the lane, and somebody who writes into them."""
    await create_topics(endpoint, settings)
    async with Outbox(endpoint, settings) as outbox:
        yield Newsroom(outbox, settings)
