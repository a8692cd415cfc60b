"""The stages on plain aiokafka, at least once: getmany, process, send, gather, commit; one loop a stage.

As strong as it gets without more machinery: one idempotent producer, batches of the same size, the same
chunks in a process pool. State lives in a dict; its writes go to the changelog as ordinary records, so a
kill may cut them, and nobody reads them back. No deadline, no zombies told, no failed process replaced.
"""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from streams.codec import MAX_RECORD_BYTES, Message, Record
from streams.runner import handle
from streams.settings import Settings
from streams.state.memory import MemoryTable
from streams.state.overlay import Overlay
from streams.topology import TOPOLOGY, Stage, stage_named
from tests.bench.engine.ceiling import CHUNK
from tests.bench.engine.procfs import CORES

__all__ = ["main"]

Send = Callable[[Message, int | None], Awaitable[Any]]


def _chunk(name: str, records: Sequence[Record]) -> list[Message]:
    stage = stage_named(name)
    return [message for record in records for message in handle(stage, record).messages]


class _Writer:
    """A single writer's partition."""

    def __init__(self, stage: Stage) -> None:
        assert stage.state is not None
        self._stage = stage
        self._table = MemoryTable()
        self._overlay = Overlay(self._table)
        self._state = stage.state(self._overlay)

    def run(self, records: Sequence[Record]) -> tuple[list[Message], list[Message]]:
        """Outputs, and records for the changelog."""
        assert self._stage.table is not None
        outputs: list[Message] = []
        for record in records:
            outputs.extend(handle(self._stage, record, self._state).messages)
            self._overlay.keep()
        writes = []
        for key, value in self._overlay.take().items():
            self._table.delete(key) if value is None else self._table.put(key, value)
            writes.append(Message(self._stage.table.name, key, value))
        return outputs, writes


async def _loop(stage: Stage, settings: Settings, producer: AIOKafkaProducer, pool: ProcessPoolExecutor) -> None:
    consumer = AIOKafkaConsumer(
        settings.topic(stage.reads.name),
        bootstrap_servers=settings.broker,
        group_id=settings.group(stage.name),
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    writers: dict[int, _Writer] = {}
    try:
        while True:
            batches = await consumer.getmany(timeout_ms=50, max_records=settings.batch_records)
            futures = []
            for place, found in batches.items():
                records = [
                    Record(stage.reads.name, place.partition, each.offset, each.key, each.value, each.headers)
                    for each in found
                ]
                if stage.table is None:
                    outputs = await _pooled(pool, stage, records)
                else:
                    writer = writers.setdefault(place.partition, _Writer(stage))
                    outputs, writes = writer.run(records)
                    futures += [await _send(producer, settings, each, place.partition) for each in writes]
                futures += [await _send(producer, settings, each) for each in outputs]
            if futures:
                await asyncio.gather(*futures)
                await consumer.commit()
    finally:
        await consumer.stop()


async def _pooled(pool: ProcessPoolExecutor, stage: Stage, records: list[Record]) -> list[Message]:
    loop = asyncio.get_running_loop()
    chunks = [records[at : at + CHUNK] for at in range(0, len(records), CHUNK)]
    parts = await asyncio.gather(*(loop.run_in_executor(pool, _chunk, stage.name, chunk) for chunk in chunks))
    return [message for part in parts for message in part]


async def _send(producer: AIOKafkaProducer, settings: Settings, message: Message, partition: int | None = None) -> Any:
    return await producer.send(
        settings.topic(message.topic),
        message.value,
        key=message.key,
        headers=list(message.headers),
        partition=partition,
    )


async def main() -> None:
    """Run all stages until SIGTERM."""
    settings = Settings()
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.broker,
        acks="all",
        enable_idempotence=True,
        linger_ms=5,
        max_batch_size=MAX_RECORD_BYTES,
        max_request_size=MAX_RECORD_BYTES + 2 * 1024 * 1024,
    )
    await producer.start()
    with ProcessPoolExecutor(CORES) as pool:
        tasks = [asyncio.create_task(_loop(stage, settings, producer, pool)) for stage in TOPOLOGY]
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, lambda: [task.cancel() for task in tasks])
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks)
    await producer.stop()


if __name__ == "__main__":
    asyncio.run(main())
