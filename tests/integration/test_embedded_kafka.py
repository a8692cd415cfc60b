"""The embedded broker is a real Kafka, and behaves in every bad moment."""

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.local.broker import Broker
from streams.local.process import memory

RSS_LIMIT_MB = 250


async def create_topic(bootstrap: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, values: list[bytes]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True, max_request_size=10_000_000)
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest", group_id=None)
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()


async def test_messages_come_back_as_they_were_sent(broker: Broker, lane: str) -> None:
    values = [b"small", b"x" * 9_000_000, b"\x00\xff"]
    await create_topic(broker.bootstrap, f"{lane}.topic")
    await send(broker.bootstrap, f"{lane}.topic", values)
    assert await read(broker.bootstrap, f"{lane}.topic", 3) == values


async def test_memory_stays_small(broker: Broker, lane: str) -> None:
    await create_topic(broker.bootstrap, f"{lane}.topic")
    await send(broker.bootstrap, f"{lane}.topic", [b"y" * 1_000_000] * 50)
    assert broker.pid is not None
    assert memory(broker.pid).peak_mb < RSS_LIMIT_MB
