"""Articles into the raw topic from a program of your own.

    async with Producer(source="gazette") as producer:
        ack = await producer.send({"id": "4711", "title": "...", "text": "...", "url": "https://..."})

What may be sent: a `RawDocument`; an article in loose form, a mapping with the names that
`streams.ingest.records` lists (`text`, `html`, `title`, `url`, `id` ...); a plain text or
HTML page as a `str`; a file as a `Path`.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, aclosing
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any, Self

from schemas import RawDocument
from streams import clock
from streams.edge.reader import partition_count
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.ingest import IngestOptions, Refused, documents
from streams.ingest.feed import read_ahead
from streams.ingest.options import UnfitError
from streams.ingest.records import raw_document
from streams.ingest.sender import IN_FLIGHT_RECORDS, Ack, Sender, open_sender
from streams.sdk.connection import endpoint_of
from streams.settings import Settings
from streams.topics import RAW
from streams.traceparent import Context, parse

__all__ = ["Producer", "Sendable"]

Sendable = RawDocument | Mapping[str, Any] | str | Path
"""What may be sent."""


class Producer:
    """An idempotent producer of raw documents; a context manager that any number of tasks may share.

    `settings` (by default those of the environment) name broker and lane, `bootstrap` wins over
    their broker, not over their security. `source` is for articles that name none, `now` stamps those without a time.
    Sending the same again changes nothing: every stage knows what it has handled.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        bootstrap: str | Endpoint | None = None,
        source: str | None = None,
        now: Callable[[], datetime] = clock.now,
    ) -> None:
        self._settings = settings or Settings()
        self._bootstrap = bootstrap
        self._source = source
        self._now = now
        self._resources = AsyncExitStack()
        self._sender: Sender | None = None

    async def __aenter__(self) -> Self:
        """Connect; BrokerError when there is no broker, or no raw topic in the lane."""
        endpoint = await endpoint_of(self._settings, self._bootstrap)
        await partition_count(endpoint, self._settings.topic(RAW.name))  # a send would wait for a missing topic
        opened = open_sender(endpoint, self._settings, client_id="newsloom-sdk")
        self._sender = await self._resources.enter_async_context(opened)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._sender = None
        await self._resources.aclose()

    async def send(self, item: Sendable, *, traceparent: str | None = None) -> Ack:
        """Send one document and return when the broker has it.

        `traceparent` is the W3C header of the caller's span: what comes of the document is in its trace. A malformed
        one counts as none.
        UnfitError, with the `reason` of a `Refused`, for what cannot be taken: too large, no article,
        no such file, a file that is not exactly one document (`send_many` takes an archive).
        BrokerError when the broker does not acknowledge it: it may be in the topic or not, so send it again.
        """
        sender = self._open()
        found = [document async for document in self._read(item, at_most=2)]
        match found:
            case [RawDocument() as document]:
                return await (await sender.send(document, parse(traceparent)))
            case [Refused(reason=reason, detail=detail)]:
                raise UnfitError(reason, detail)
            case _:
                raise UnfitError("bad_record", "not exactly one document; send_many takes any number")

    async def send_many(
        self, items: Iterable[Sendable] | AsyncIterable[Sendable], *, traceparent: str | None = None
    ) -> AsyncGenerator[Ack | Refused, None]:
        """Send `items`, many in flight; an answer for each document of each, in order. `traceparent` as for `send`.

        A `Path` may be a folder or an archive here. What is in flight is bounded in number and bytes.
        A BrokerError ends it: what was yielded is in the topic, the rest may be.
        """
        sender, caller = self._open(), parse(traceparent)
        waiting: deque[asyncio.Future[Ack] | Refused] = deque()
        async for item in _each(items):
            async for document in self._read(item):
                waiting.append(await _handed_over(sender, document, caller))
                while waiting and (len(waiting) > IN_FLIGHT_RECORDS or _known(waiting[0])):
                    yield await _answer(waiting.popleft())
        while waiting:
            yield await _answer(waiting.popleft())

    def _open(self) -> Sender:
        if self._sender is None:
            raise UsageError("a Producer sends within `async with` only")
        return self._sender

    async def _read(self, item: Sendable, *, at_most: int | None = None) -> AsyncIterator[RawDocument | Refused]:
        options = IngestOptions(
            now=self._now(), source=self._source, max_document_bytes=self._settings.max_document_bytes
        )
        match item:
            case RawDocument():
                yield item
            case Path():
                # Absolute: a file called `-` is not the standard input.
                found = documents([str(item.absolute())], options=options)
                async with aclosing(read_ahead(islice(found, at_most))) as read:
                    async for document in read:
                        yield document
            case _:
                record = {"text": item} if isinstance(item, str) else item
                try:
                    yield raw_document(record, options.now, options)
                except UnfitError as error:
                    yield error.refused(str(record.get("id") or "text")[:256])


async def _each(items: Iterable[Sendable] | AsyncIterable[Sendable]) -> AsyncIterator[Sendable]:
    if isinstance(items, AsyncIterable):
        async for item in items:
            yield item
        return
    for item in items:
        yield item


async def _handed_over(
    sender: Sender, document: RawDocument | Refused, caller: Context | None
) -> "asyncio.Future[Ack] | Refused":
    if isinstance(document, Refused):
        return document
    try:
        return await sender.send(document, caller)
    except UnfitError as error:
        return error.refused(document.filename or document.document_id)


def _known(answer: "asyncio.Future[Ack] | Refused") -> bool:
    return isinstance(answer, Refused) or answer.done()


async def _answer(answer: "asyncio.Future[Ack] | Refused") -> Ack | Refused:
    return answer if isinstance(answer, Refused) else await answer
