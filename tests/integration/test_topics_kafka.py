"""Topics of a lane on a real broker: created, described, read, written by `push`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from schemas import RawDocument
from streams.codec import MAX_RECORD_BYTES, encode
from streams.edge.admin import create_topics, delete_topics, describe, stage_lags, topic_configs, total_lag
from streams.edge.reader import partition_count, partition_for, read_table, read_topic, read_topics
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.ingest import Refused
from streams.ingest.push import push
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import ENRICHED, RAW, STORY_STATE
from tests.builders import raw_document

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def settings(lane: str) -> Settings:
    return Settings(lane=lane, partitions=3)


@pytest_asyncio.fixture(loop_scope="session")
async def at(broker: Broker, settings: Settings) -> AsyncIterator[Endpoint]:
    """A broker that has the topics of the lane."""
    await create_topics(broker.endpoint, settings)
    yield broker.endpoint
    await delete_topics(broker.endpoint, settings)


async def send(at: Endpoint, topic: str, *records: tuple[bytes, bytes | None]) -> None:
    async with AIOKafkaProducer(**at.client()) as producer:
        for key, value in records:
            await producer.send_and_wait(topic, value, key=key)


def documents(count: int) -> list[RawDocument]:
    return [raw_document(f"Text number {number}.") for number in range(count)]


async def test_topics_are_created_once_with_their_configuration(broker: Broker, settings: Settings) -> None:
    created = await create_topics(broker.endpoint, settings)
    assert created == list(topic_configs(settings))
    assert await create_topics(broker.endpoint, settings) == []
    facts = await describe(broker.endpoint, settings)
    assert all((topic.exists, topic.partitions, topic.records) == (True, 3, 0) for topic in facts)
    assert await delete_topics(broker.endpoint, settings) == created


async def test_another_number_of_partitions_is_refused(at: Endpoint, settings: Settings) -> None:
    with pytest.raises(BrokerError, match=r"must have 5 partitions, but .* has 3"):
        await create_topics(at, settings.model_copy(update={"partitions": 5}))


async def test_two_that_create_at_once_both_succeed(broker: Broker, settings: Settings) -> None:
    created = await asyncio.gather(*(create_topics(broker.endpoint, settings) for _ in range(3)))
    assert sorted(name for names in created for name in names) == sorted(topic_configs(settings))
    await delete_topics(broker.endpoint, settings)


async def test_the_live_lane_is_never_deleted(broker: Broker) -> None:
    with pytest.raises(UsageError):
        await delete_topics(broker.endpoint, Settings(lane=""))


async def test_a_missing_topic_is_said_to_be_missing(broker: Broker, settings: Settings) -> None:
    with pytest.raises(BrokerError, match="topics create"):
        await partition_count(broker.endpoint, settings.topic(RAW.name))
    with pytest.raises(BrokerError, match="topics create"):
        await stage_lags(broker.endpoint, settings)
    assert not any(topic.exists for topic in await describe(broker.endpoint, settings))


async def test_a_push_is_acknowledged_keyed_and_repeatable(at: Endpoint, settings: Settings) -> None:
    pushed, acked = documents(40), list[str]()
    for _ in range(2):
        report = await push(at, settings, pushed, on_ack=lambda document: acked.append(document.document_id))
        assert (report.sent, report.refused) == (40, 0)
        assert report.bytes == sum(len(encode(document)) for document in pushed)
    assert sorted(acked) == sorted(2 * [document.document_id for document in pushed])
    records = [record async for record in read_topic(at, settings.topic(RAW.name))]
    assert len(records) == 80
    assert len({(record.key, record.value, record.headers) for record in records}) == 40
    assert all(record.partition == partition_for(record.key or b"", 3) for record in records)
    assert (await total_lag(at, settings))["normalize"] == 80


async def test_what_is_refused_is_passed_on_and_the_rest_is_sent(at: Endpoint, settings: Settings) -> None:
    large = raw_document("x" * (MAX_RECORD_BYTES + 1), filename="large.txt")
    refused: list[Refused] = []
    items: list[RawDocument | Refused] = [Refused("a/b", "symlink"), large, *documents(1)]
    report = await push(at, settings, items, on_refused=refused.append)
    assert (report.sent, report.refused) == (1, 2)
    assert [(each.path, each.reason) for each in refused] == [("a/b", "symlink"), ("large.txt", "too_large")]


async def test_an_error_while_reading_leaves_what_was_sent(at: Endpoint, settings: Settings) -> None:
    def failing() -> Iterator[RawDocument]:
        yield from documents(3)
        raise OSError("disk")

    with pytest.raises(OSError, match="disk"):
        await push(at, settings, failing())
    assert len([record async for record in read_topic(at, settings.topic(RAW.name))]) == 3


async def test_reading_begins_where_it_is_told(at: Endpoint, settings: Settings) -> None:
    topic = settings.topic(RAW.name)
    await send(at, topic, *((b"same", b"%d" % number) for number in range(10)))
    (partition,) = {record.partition async for record in read_topic(at, topic)}

    async def values(start: object) -> list[bytes | None]:
        return [record.value async for record in read_topic(at, topic, start=start)]  # type: ignore[arg-type]

    everything = [b"%d" % number for number in range(10)]
    assert await values("earliest") == everything
    assert await values("latest") == []
    assert await values(7) == everything[7:]
    assert await values(-2) == everything[-2:]
    assert await values(-50) == everything
    assert await values(datetime.now(UTC) - timedelta(hours=1)) == everything  # noqa: TID251 - a broker's clock
    assert await values(datetime.now(UTC) + timedelta(hours=1)) == []  # noqa: TID251 - a broker's clock
    others = {0, 1, 2} - {partition}
    assert [record async for record in read_topic(at, topic, partitions=others)] == []


async def test_several_topics_are_followed_as_they_grow(at: Endpoint, settings: Settings) -> None:
    names = [settings.topic(RAW.name), settings.topic(ENRICHED.name)]
    await send(at, names[0], (b"k", b"before"))
    found = []
    async with aclosing(read_topics(at, names, until_end=False)) as records:
        async for record in records:
            found.append((record.topic, record.value))
            if len(found) == 1:
                await send(at, names[1], (b"k", b"after"))
            if len(found) == 2:
                break
    assert found == [(names[0], b"before"), (names[1], b"after")]


async def test_a_table_is_the_last_value_of_each_key(at: Endpoint, settings: Settings) -> None:
    topic = settings.topic(STORY_STATE.name)
    await send(at, topic, (b"b", b"1"), (b"a", b"1"), (b"c", b"1"), (b"b", b"2"), (b"c", None))
    assert await read_table(at, topic) == {b"a": b"1", b"b": b"2"}
    assert list(await read_table(at, topic)) == [b"a", b"b"]
