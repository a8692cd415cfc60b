"""The answer that never ends: events of a follower to one client, until either has gone.

Nothing is kept for a client but the batch it is being sent: one that reads slowly holds back its
own reader, the records wait in Kafka. One that does not read at all is cut off, and goes on by
its last id.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from streams.api.problems import ProblemError, problem_response
from streams.codec import Record
from streams.errors import BrokerError
from streams.sdk.event_stream import comment, frame
from streams.sdk.follow import Follower, Gap

__all__ = ["EventStream", "Pace"]

Render = Callable[[Record], tuple[str, bytes] | None]
"""Event type and data of a record, None when the client does not want it."""

_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds: of silence before a sign of life, that a client may take to read a piece; when it may come again."""

    heartbeat_s: float = 15.0
    slow_s: float = 30.0
    retry_s: float = 1.0


class EventStream(Response):
    """Sends what `opened` follows; `closing` is set when the server stops."""

    media_type = "text/event-stream"

    def __init__(
        self,
        opened: AbstractAsyncContextManager[Follower],
        render: Render,
        closing: asyncio.Event,
        pace: Pace = Pace(),
    ) -> None:
        super().__init__(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
        del self.headers["content-length"]
        self._opened = opened
        self._render = render
        self._closing = closing
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer until the client or the server goes; a problem when the broker cannot be reached."""
        begun = False
        try:
            # Opening takes milliseconds and is not broken off: aiokafka would lose its connection.
            async with self._opened as follower:
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                begun = True
                there = await _first(self._pump(follower, send), _gone(receive), self._closing.wait())
        except TimeoutError:
            return  # it does not read: there is no way to say good-bye
        except (BrokerError, ProblemError) as error:
            if not begun:
                await problem_response(_problem(error))(scope, receive, send)
                return
            there = True  # it sees the end, and comes again
        if there:
            with suppress(TimeoutError):
                await self._write(send, b"", more=False)

    async def _write(self, send: Send, piece: bytes, *, more: bool = True) -> None:
        async with asyncio.timeout(self._pace.slow_s):
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    async def _pump(self, follower: Follower, send: Send) -> None:
        told = str(follower.cursor)
        await self._write(send, frame(told, retry_ms=int(self._pace.retry_s * 1000)))
        while True:
            records = await follower.batch(self._pace.heartbeat_s)
            pieces = [_gap(gap) for gap in follower.gaps]
            follower.gaps.clear()
            for record in records:
                follower.passed(record)
                if (wanted := self._render(record)) is not None:
                    told = str(follower.cursor)
                    pieces.append(frame(told, event=wanted[0], data=wanted[1]))
                if sum(map(len, pieces)) >= _CHUNK:
                    await self._write(send, b"".join(pieces))
                    pieces.clear()
            if not pieces and not records:
                # Past what was not wanted, too: it need not be looked through again.
                pieces.append(comment() if told == (now := str(follower.cursor)) else frame(now))
                told = now
            if pieces:
                await self._write(send, b"".join(pieces))


def _problem(error: BrokerError | ProblemError) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    return ProblemError(503, "broker", "the broker does not answer", headers={"Retry-After": "2"})


def _gap(gap: Gap) -> bytes:
    said = {"topic": gap.topic, "partition": gap.partition, "wanted": gap.wanted, "found": gap.found}
    return frame(event="gap", data=orjson.dumps(said))


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _first(answer: Awaitable[None], gone: Awaitable[None], closing: Awaitable[object]) -> bool:
    """Run all three until one ends; whether the client is still there. Errors of the answer are raised."""
    tasks = [asyncio.ensure_future(each) for each in (answer, gone, closing)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
        return not tasks[1].done()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
