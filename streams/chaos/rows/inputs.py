"""Rows 6, 7 and 11: records that are poison, too large, or not new."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import CommitFailedError, MessageSizeTooLargeError

from schemas import RawDocument
from streams.chaos.documents import generate
from streams.chaos.row import ONE_PARTITION, Row
from streams.chaos.scene import ChaosError, Scene
from streams.codec import MAX_RECORD_BYTES, encode, header
from streams.edge.reader import read_table, read_topic
from streams.ingest import Refused
from streams.ingest.push import push
from streams.topics import RAW, STORY_STATE
from streams.topology import TOPOLOGY

__all__ = ["OVERSIZE", "POISON", "REPEATS"]

_DEEP = 300_000
_POISON: Sequence[tuple[bytes | None, str]] = (
    (b'{"document_id": "cut', "bad_json"),
    (b'{"document_id": "poison-1", "colour": "green"}', "bad_schema"),
    ('{"document_id": "poison-2", "content": "caf\u00e9"}'.encode("latin-1"), "bad_json"),
    (None, "null_value"),
    (b"[" * _DEEP + b"]" * _DEEP, "bad_json"),
    (b'{"content":' * _DEEP, "bad_json"),
    (b"", "bad_json"),
    (b"[]", "bad_schema"),
)
_FEED_AT = 4


@asynccontextmanager
async def _producer(scene: Scene, **options: object) -> AsyncIterator[Any]:
    producer = AIOKafkaProducer(**scene.endpoint.client(), acks="all", **options)
    await producer.start()
    try:
        yield producer
    finally:
        await producer.stop()


async def poisoned(scene: Scene) -> None:
    """Between good documents come records that are none."""
    scene.start()
    await scene.at_work_on(scene.feed(scene.ids // 5))
    expected: list[str] = []
    async with _producer(scene, max_request_size=MAX_RECORD_BYTES) as producer:
        for round_number in range(_FEED_AT):
            await scene.feed(scene.ids // (_FEED_AT + 1))
            for number, (value, reason) in enumerate(_POISON):
                key = f"poison-{round_number}-{number}"
                await producer.send_and_wait(scene.settings.topic(RAW.name), value, key=key.encode())
                scene.acked.add(key)
                expected.append(reason)
    await scene.recover(await scene.waiting(), time.monotonic())
    await scene.feed()
    await scene.until(scene.drained, "the poison is past")
    await _expect_letters(scene, expected)


async def _expect_letters(scene: Scene, expected: Sequence[str]) -> None:
    found = [
        header(letter.headers, "x-news-error-code")
        async for letter in read_topic(scene.endpoint, scene.settings.topic(RAW.dead_letters))
    ]
    if sorted(set(map(str, found))) != sorted(set(expected)) or len(found) < len(expected):
        raise ChaosError(f"dead letters {found} instead of {list(expected)}")


async def too_large(scene: Scene) -> None:
    """Too large for a record: refused where it is pushed, by the broker, or parked; a large document goes through."""
    scene.start()
    await scene.at_work_on(scene.feed(scene.ids // 2))
    large, *_ = generate(1, seed=-1)
    await _refused_at_the_door(scene, large)
    await scene.send([large.model_copy(update={"document_id": "large", "content": large.content * 4000})])
    topic = scene.settings.topic(RAW.name)
    async with _producer(scene, max_request_size=4 * MAX_RECORD_BYTES) as producer:
        value = encode(large.model_copy(update={"document_id": "x", "content": "x" * (MAX_RECORD_BYTES + 1024)}))
        await producer.send_and_wait(topic, value, key=b"x")
        scene.acked.add("x")
        try:
            await producer.send_and_wait(topic, value + b" " * MAX_RECORD_BYTES, key=b"y")
        except MessageSizeTooLargeError:
            scene.note("the broker refused what was too large for the topic, at once")
        else:
            raise ChaosError("the broker took a record that is too large for the topic")
    await scene.recover(await scene.waiting(), time.monotonic())
    await scene.feed()
    await scene.until(scene.drained, "the large records are past")
    await _expect_letters(scene, ["too_large"])


async def _refused_at_the_door(scene: Scene, document: RawDocument) -> None:
    refused: list[Refused] = []
    large = document.model_copy(update={"content": "x" * (MAX_RECORD_BYTES + 1), "filename": "large.txt"})
    report = await push(scene.endpoint, scene.settings, [large], on_refused=refused.append)
    if (report.sent, [each.reason for each in refused]) != (0, ["too_large"]):
        raise ChaosError(f"a document that is too large was not refused: {report}")
    scene.note(f"the producer refused {refused[0].path}: {refused[0].detail}")


async def repeated(scene: Scene) -> None:
    """The same input three times, then every group goes back to offset 0."""
    scene.start()
    documents = list(generate(scene.ids, seed=scene.seed))
    await scene.feed()
    await scene.until(scene.drained, "the first push")
    table = await _stories(scene)
    for _ in range(2):
        await scene.send(documents)
    await scene.until(scene.drained, "the second and third push")
    await scene.crew.dismiss_all()
    await _rewind(scene)
    places = await scene.waiting()
    begun = time.monotonic()
    scene.start()
    await scene.recover(places, begun)
    await scene.until(scene.drained, "the replay", within_s=300)
    if await _stories(scene) != table:
        raise ChaosError("the story table is another one after the same input")


async def _stories(scene: Scene) -> dict[bytes, bytes]:
    return await read_table(scene.endpoint, scene.settings.topic(STORY_STATE.name))


async def _rewind(scene: Scene) -> None:
    for stage in TOPOLOGY:
        consumer = AIOKafkaConsumer(
            **scene.endpoint.client(), group_id=scene.settings.group(stage.name), enable_auto_commit=False
        )
        await consumer.start()
        try:
            topic = scene.settings.topic(stage.reads.name)
            partitions = [TopicPartition(topic, number) for number in range(scene.settings.partitions)]
            consumer.assign(partitions)
            await scene.until(lambda: _committed(consumer, partitions), f"group of {stage.name} at offset 0")  # noqa: B023
        finally:
            await consumer.stop()


async def _committed(consumer: Any, partitions: Sequence[TopicPartition]) -> bool:
    """Whether offset 0 could be committed: not while the group remembers a member that left without a word."""
    try:
        await consumer.commit(dict.fromkeys(partitions, 0))
    except CommitFailedError:
        return False
    return True


POISON = Row(6, "poison: bad JSON, schema, charset, null, nested 300,000 deep, empty", poisoned)
OVERSIZE = Row(7, "records that are too large", too_large)
REPEATS = Row(11, "the same input three times, and a replay", repeated, ONE_PARTITION, in_memory=True, bounded=False)
