"""Raw documents into the raw topic, every acknowledgement awaited."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from schemas import RawDocument
from streams.endpoint import Endpoint
from streams.ingest.feed import read_ahead
from streams.ingest.options import Refused, UnfitError
from streams.ingest.sender import Ack, Sender, open_sender
from streams.settings import Settings

__all__ = ["PushReport", "Tally", "push"]


@dataclass(frozen=True, slots=True)
class PushReport:
    """What became of a push; `bytes` counts the values sent."""

    sent: int
    refused: int
    bytes: int
    seconds: float


async def push(
    endpoint: Endpoint,
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
    async with open_sender(endpoint, settings) as sender:
        tally = Tally(sender, on_ack, on_refused)
        try:
            async for item in read_ahead(documents):
                await tally.take(item)
        finally:
            await tally.settled()
        tally.complain()
    return PushReport(tally.sent, tally.refused, tally.bytes, time.monotonic() - started)


class Tally:
    """Sends documents and counts what is acknowledged and refused."""

    def __init__(
        self,
        sender: Sender,
        on_ack: Callable[[RawDocument], None] | None = None,
        on_refused: Callable[[Refused], None] | None = None,
    ) -> None:
        self._sender = sender
        self._on_ack = on_ack
        self._on_refused = on_refused
        self._flying: set[asyncio.Future[Ack]] = set()
        self._error: BaseException | None = None
        self.sent = self.refused = self.bytes = 0

    async def take(self, item: RawDocument | Refused) -> None:
        """Send a document, or pass a refusal on; the error of an earlier one arises here."""
        self.complain()
        if isinstance(item, Refused):
            self._refuse(item)
            return
        try:
            ack = await self._sender.send(item)
        except UnfitError as error:
            self._refuse(error.refused(item.filename or item.document_id))
            return
        self._flying.add(ack)
        ack.add_done_callback(partial(self._landed, item))

    def _landed(self, document: RawDocument, ack: "asyncio.Future[Ack]") -> None:
        self._flying.discard(ack)
        if (error := ack.exception()) is not None:
            self._error = self._error or error
            return
        self.sent += 1
        self.bytes += ack.result().bytes
        if self._on_ack is not None:
            self._on_ack(document)

    async def settled(self) -> None:
        """Wait for everything in flight."""
        if self._flying:
            await asyncio.wait(self._flying)

    def complain(self) -> None:
        """Raise what went wrong so far."""
        if self._error is not None:
            raise self._error

    def _refuse(self, refused: Refused) -> None:
        self.refused += 1
        if self._on_refused is not None:
            self._on_refused(refused)
