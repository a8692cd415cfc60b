"""Few words for few records: what the tests of the broker itself say to it."""

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import NewTopic

from streams.edge.admin import _admin
from streams.endpoint import Endpoint

__all__ = ["create_topic", "read", "send", "topic_names"]


async def create_topic(bootstrap: str, name: str) -> None:
    """A topic of one partition; asked for again while the broker is late with its heartbeat, and makes none."""
    async with _admin(Endpoint(bootstrap)) as admin:
        while name not in await admin.list_topics():
            await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])


async def topic_names(bootstrap: str) -> list[str]:
    """All topics but Kafka's own."""
    async with _admin(Endpoint(bootstrap)) as admin:
        return sorted(name for name in await admin.list_topics() if not name.startswith("__"))


async def send(bootstrap: str, topic: str, values: Sequence[bytes]) -> None:
    """Send and have each acknowledged."""
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, max_request_size=10_000_000)
    try:
        await producer.start()
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    """Return the first `count` values of a topic."""
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()
