"""The way into the raw topic: an idempotent producer, every acknowledgement seen, what is in flight bounded."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from schemas import RawDocument
from streams.codec import MAX_RECORD_BYTES, header, raw_message
from streams.endpoint import Endpoint
from streams.ingest.options import UnfitError
from streams.settings import Settings
from streams.telemetry.spans import Spans, open_spans
from streams.topics import RAW
from streams.traceparent import Context, in_trace, pushed

__all__ = ["IN_FLIGHT_RECORDS", "Ack", "Sender", "open_sender"]

IN_FLIGHT_RECORDS = 2000
_IN_FLIGHT_BYTES = 32 * 1024 * 1024
_BATCH_BYTES = 256 * 1024
_LINGER_MS = 10
_OVERHEAD_BYTES = 64 * 1024
# Delivery is tried again until then; a broker that is away for longer is an error.
_DELIVERY_MS = 40_000


@dataclass(frozen=True, slots=True)
class Ack:
    """The broker has a document, at this place; `bytes` is the size of its record's value."""

    document_id: str
    topic: str
    partition: int
    offset: int
    bytes: int


class Sender:
    """Sends documents to the raw topic of a lane; any number of tasks may share it. See `open_sender`."""

    def __init__(self, producer: Any, endpoint: Endpoint, settings: Settings, spans: Spans | None) -> None:
        self._producer = producer
        self._endpoint = endpoint
        self._topic = settings.topic(RAW.name)
        self._trace_ratio = settings.trace_ratio
        self._spans = spans
        self._records = self._bytes = 0
        self._landed = asyncio.Event()

    async def send(self, document: RawDocument, caller: Context | None = None) -> "asyncio.Future[Ack]":
        """Hand `document` over as soon as there is room; the future is its acknowledgement, or a BrokerError.

        Documents of one key reach the topic in the order of the calls. The same document gives
        the same key, value and `ce_id`, so sending again is harmless. UnfitError when its record
        is larger than a topic takes. The record goes on with the trace of `caller`, or may begin one.
        """
        message = raw_message(document)
        context = pushed(header(message.headers, "ce_id") or "", caller, self._trace_ratio)
        if context is not None:
            message = in_trace(message, context)
        size = len(message.value or b"")
        if size > MAX_RECORD_BYTES:
            raise UnfitError("too_large", f"a record of {size} bytes, the limit is {MAX_RECORD_BYTES}")
        await self._room(size)
        ack: asyncio.Future[Ack] = asyncio.get_running_loop().create_future()
        try:
            flying = await self._producer.send(
                self._topic,
                message.value,
                key=message.key,
                headers=list(message.headers),
                timestamp_ms=message.timestamp_ms,
            )
        except BaseException as error:
            self._release(size)
            if isinstance(error, Exception):
                raise self._endpoint.failure(error) from error
            raise
        flying.add_done_callback(lambda done: self._settle(done, ack, document.document_id, size))
        if self._spans is not None and context is not None:
            ended = partial(self._end, self._spans, context, caller, document.document_id, time.monotonic())
            flying.add_done_callback(ended)
        return ack

    def _end(
        self, spans: Spans, context: Context, caller: Context | None, document_id: str, begun: float, flying: Any
    ) -> None:
        if not flying.cancelled() and flying.exception() is None:
            spans.push(context, caller, document_id, time.monotonic() - begun)

    async def _room(self, size: int) -> None:
        while self._records and (self._bytes + size > _IN_FLIGHT_BYTES or self._records >= IN_FLIGHT_RECORDS):
            self._landed.clear()
            await self._landed.wait()
        self._records += 1
        self._bytes += size

    def _release(self, size: int) -> None:
        self._records -= 1
        self._bytes -= size
        self._landed.set()

    def _settle(self, flying: "asyncio.Future[Any]", ack: "asyncio.Future[Ack]", document_id: str, size: int) -> None:
        self._release(size)
        if ack.done():  # whoever waited has been cancelled
            return
        error = asyncio.CancelledError() if flying.cancelled() else flying.exception()
        if error is None:
            placed = flying.result()
            ack.set_result(Ack(document_id, placed.topic, placed.partition, placed.offset, size))
        else:
            ack.set_exception(self._endpoint.failure(error))
            ack.exception()  # one who has gone is not to be told by the event loop


@asynccontextmanager
async def open_sender(
    endpoint: Endpoint, settings: Settings, *, client_id: str = "newsloom-push"
) -> AsyncIterator[Sender]:
    """A sender to the raw topic of the lane; on leaving, what is in flight is delivered. BrokerError as ever."""
    from aiokafka import AIOKafkaProducer  # noqa: PLC0415 - 0.1 s that only a push needs
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - as above

    producer = AIOKafkaProducer(
        **endpoint.client(),
        client_id=client_id,
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=_LINGER_MS,
        max_batch_size=_BATCH_BYTES,
        max_request_size=MAX_RECORD_BYTES + _OVERHEAD_BYTES,
        request_timeout_ms=_DELIVERY_MS,
    )
    with open_spans(settings) as spans:
        try:
            await producer.start()
            yield Sender(producer, endpoint, settings, spans)
        except KafkaError as error:
            raise endpoint.failure(error) from error
        finally:
            await producer.stop()
