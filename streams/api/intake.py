"""Documents on their way into the raw topic: one producer a server, a bounded number of requests at it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, Protocol

from schemas import RawDocument
from streams.errors import BrokerError
from streams.ingest.options import Refused
from streams.ingest.sender import Ack
from streams.telemetry.metrics import DOCUMENTS

__all__ = ["BusyError", "Intake", "Item", "Sink", "UnsentError"]

Item = RawDocument | Refused
"""A document to send, or one that is refused already; both are answered in their order."""

_AT_ONCE = 16


class BusyError(Exception):
    """As many requests as may are sending documents already."""


class UnsentError(Exception):
    """The broker went away in the middle; `answers` are those to what came before."""

    def __init__(self, answers: list[Ack | Refused]) -> None:
        super().__init__("the broker does not answer")
        self.answers = answers


class Sink(Protocol):
    """What a `streams.sdk.Producer` does with many documents."""

    def send_many(self, items: AsyncIterator[RawDocument], *, traceparent: str | None) -> Any:
        """An async generator of an `Ack` or `Refused` for each item, in order."""


class Intake:
    """Sends what requests bring; `connect` opens a sink, kept until the broker fails it. `close` it at the end."""

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[Sink]]) -> None:
        self._connect = connect
        self._sink: Sink | None = None
        self._resources = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._busy = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the places for a request that sends; BusyError when all are taken."""
        if self._busy >= _AT_ONCE:
            raise BusyError
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1

    async def send(self, items: AsyncIterator[Item], traceparent: str | None = None) -> list[Ack | Refused]:
        """An answer for each item, in order, once the broker has all it shall have; UnsentError when it fails.

        `traceparent` is the header of the request.
        """
        sorted_out = _Sorted(items)
        acks: list[Ack | Refused] = []
        try:
            sink = await self._open()
            async with aclosing(sink.send_many(sorted_out.documents(), traceparent=traceparent)) as answers:
                async for each in answers:
                    acks.append(each)  # noqa: PERF401 - those before an error count
        except BrokerError as error:
            await self._drop()
            raise UnsentError(_counted(sorted_out.answers(acks))) from error
        return _counted(sorted_out.answers(acks))

    async def _open(self) -> Sink:
        async with self._opening:
            sink = self._sink
            if sink is None:
                sink = self._sink = await self._resources.enter_async_context(self._connect())
            return sink

    async def _drop(self) -> None:
        """A producer that has failed stays so: the next request gets another one."""
        async with self._opening:
            if self._sink is not None:
                self._sink = None
                broken, self._resources = self._resources, AsyncExitStack()
                await broken.aclose()

    async def close(self) -> None:
        """Close the sink."""
        await self._resources.aclose()


class _Sorted:
    """Lets documents through to the sink and keeps the places of what was refused before."""

    def __init__(self, items: AsyncIterator[Item]) -> None:
        self._items = items
        self._places: list[Refused | None] = []

    async def documents(self) -> AsyncIterator[RawDocument]:
        """The documents among the items."""
        async for item in self._items:
            refused = item if isinstance(item, Refused) else None
            self._places.append(refused)
            if not isinstance(item, Refused):
                yield item

    def answers(self, acks: Iterable[Ack | Refused]) -> list[Ack | Refused]:
        """Refusals and the sink's answers together, in the order of the items; those without an answer are left out."""
        left: Iterator[Ack | Refused] = iter(acks)
        merged = (next(left, None) if place is None else place for place in self._places)
        return [each for each in merged if each is not None]


def _counted(answers: list[Ack | Refused]) -> list[Ack | Refused]:
    for each in answers:
        DOCUMENTS.labels(each.reason if isinstance(each, Refused) else "accepted").inc()
    return answers
