"""Raw documents into the raw topic, every acknowledgement awaited."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from schemas import RawDocument
from streams.codec import MAX_RECORD_BYTES, Message, raw_message
from streams.errors import BrokerError
from streams.ingest.feed import read_ahead
from streams.ingest.options import Refused
from streams.settings import Settings
from streams.topics import RAW

__all__ = ["PushReport", "push"]

_IN_FLIGHT_BYTES = 32 * 1024 * 1024
_IN_FLIGHT_RECORDS = 2000
_BATCH_BYTES = 256 * 1024
_LINGER_MS = 10
_OVERHEAD_BYTES = 64 * 1024
# Delivery is tried again until then; a broker that is away for longer is an error.
_DELIVERY_MS = 40_000


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of a push; `bytes` counts the values sent."""

    sent: int
    refused: int
    bytes: int
    seconds: float


async def push(
    bootstrap: str,
    settings: Settings,
    documents: Iterable[RawDocument | Refused],
    *,
    on_ack: Callable[[RawDocument], None] | None = None,
    on_refused: Callable[[Refused], None] | None = None,
) -> PushReport:
    """Send `documents` in order with an idempotent producer; a document over the record limit is refused.

    The same documents give the same keys and values, so a push can be repeated at will.
    BrokerError when the broker does not take them; what was acknowledged stays.
    """
    started = time.monotonic()
    async with _producer(bootstrap) as producer:
        sending = _Sending(producer, settings.topic(RAW.name), on_ack, on_refused)
        try:
            async for item in read_ahead(documents):
                await sending.take(item)
        finally:
            await sending.drain()
    return PushReport(sending.sent, sending.refused, sending.bytes, time.monotonic() - started)


@asynccontextmanager
async def _producer(bootstrap: str) -> AsyncIterator[Any]:
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - 0.1 s that only a push needs
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - as above

    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        client_id="newsloom-push",
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=_LINGER_MS,
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_RECORD_BYTES + _OVERHEAD_BYTES,
        request_timeout_ms=_DELIVERY_MS,
    )
    try:
        await producer.start()
        yield producer
    except KafkaError as error:
        raise BrokerError(f"broker {bootstrap}: {error}") from error
    finally:
        await producer.stop()


class _Sending:
    """Counts, and keeps what is in flight within bounds."""

    def __init__(
        self,
        producer: Any,
        topic: str,
        on_ack: Callable[[RawDocument], None] | None,
        on_refused: Callable[[Refused], None] | None,
    ) -> None:
        self._producer = producer
        self._topic = topic
        self._on_ack = on_ack
        self._on_refused = on_refused
        self._flying: dict[asyncio.Future[Any], tuple[RawDocument, int]] = {}
        self._flying_bytes = 0
        self.sent = self.refused = self.bytes = 0

    async def take(self, item: RawDocument | Refused) -> None:
        """Send a document, or pass a refusal on."""
        if isinstance(item, Refused):
            self._refuse(item)
            return
        message = raw_message(item)
        size = len(message.value or b"")
        if size > MAX_RECORD_BYTES:
            detail = f"a record of {size} bytes, the limit is {MAX_RECORD_BYTES}"
            self._refuse(Refused(item.filename or item.document_id, "too_large", detail))
            return
        while self._flying and (
            self._flying_bytes + size > _IN_FLIGHT_BYTES or len(self._flying) >= _IN_FLIGHT_RECORDS
        ):
            await self._settle(asyncio.FIRST_COMPLETED)
        await self._send(message, item, size)

    async def _send(self, message: Message, document: RawDocument, size: int) -> None:
        future = await self._producer.send(
            self._topic,
            message.value,
            key=message.key,
            headers=list(message.headers),
            timestamp_ms=message.timestamp_ms,
        )
        self._flying[future] = (document, size)
        self._flying_bytes += size

    async def drain(self) -> None:
        """Wait for everything in flight."""
        await self._producer.flush()
        while self._flying:
            await self._settle(asyncio.ALL_COMPLETED)

    async def _settle(self, when: str) -> None:
        done, _ = await asyncio.wait(self._flying, return_when=when)
        for future in done:
            document, size = self._flying.pop(future)
            self._flying_bytes -= size
            future.result()
            self.sent += 1
            self.bytes += size
            if self._on_ack is not None:
                self._on_ack(document)

    def _refuse(self, refused: Refused) -> None:
        self.refused += 1
        if self._on_refused is not None:
            self._on_refused(refused)
