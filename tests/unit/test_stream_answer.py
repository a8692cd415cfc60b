"""The endless answer: who does not read is cut off, who goes is noticed, and a silent stream beats."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from streams.api.event_stream import EventStream, Pace
from streams.api.problems import ProblemError
from streams.codec import Record
from streams.errors import BrokerError
from streams.sdk.cursor import Cursor
from streams.sdk.event_stream import EventParser
from streams.sdk.follow import Follower

Send = Callable[[Any], Awaitable[None]]


class Quiet(Follower):
    """A follower of one partition that holds `count` records, and then nothing."""

    def __init__(self, count: int) -> None:
        self.gaps = []
        self.left = count
        self.at = 0
        self.closed = False

    async def batch(self, wait_s: float) -> list[Record]:
        if not self.left:
            await asyncio.sleep(wait_s)
            return []
        count, self.left = self.left, 0
        return [Record("articles", 0, self.at + number, b"key", b"{}") for number in range(count)]

    def passed(self, record: Record) -> None:
        self.at = record.offset + 1

    @property
    def cursor(self) -> Cursor:
        return Cursor({"articles": (self.at,)})

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Follower]:
        try:
            yield self
        finally:
            self.closed = True


def render(record: Record) -> tuple[str, bytes] | None:
    return ("article", b"{}") if record.offset % 2 == 0 else None


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def answered(follower: Quiet, send: Send, receive: Any = never, closing: asyncio.Event | None = None) -> None:
    pace = Pace(heartbeat_s=0.01, slow_s=0.05, retry_s=0.2)
    stream = EventStream(follower.opened(), render, closing or asyncio.Event(), pace)
    async with asyncio.timeout(5):
        await stream({"type": "http"}, receive, send)


async def test_a_client_that_does_not_read_is_cut_off() -> None:
    async def blocked(message: dict[str, Any]) -> None:
        if message.get("body", b"").count(b"event:"):
            await asyncio.Event().wait()

    follower = Quiet(5)
    await answered(follower, blocked)
    assert follower.closed


async def test_a_client_that_goes_is_noticed_at_once() -> None:
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message.get("body"):
            gone.set()

    follower = Quiet(0)
    await answered(follower, send, receive)
    assert follower.closed


async def test_a_silent_stream_beats_and_moves_its_place_past_what_was_not_wanted() -> None:
    closing, sent = asyncio.Event(), bytearray()

    async def send(message: dict[str, Any]) -> None:
        sent.extend(message.get("body", b""))
        if sent.count(b":\n\n") >= 2:
            closing.set()

    await answered(Quiet(4), send, closing=closing)
    parser = EventParser()
    events = list(parser.feed(bytes(sent)))
    assert [(each.event, each.data) for each in events] == [
        ("message", ""), ("article", "{}"), ("article", "{}"), ("message", "")
    ]  # fmt: skip
    places = [Cursor.parse(each.id, ["articles"]).places["articles"] for each in events]
    assert places == [(0,), (1,), (3,), (4,)]
    assert parser.retry_ms == 200


@pytest.mark.parametrize(("error", "status"), [(BrokerError("x"), 503), (ProblemError(429, "busy", "x"), 429)])
async def test_what_cannot_be_opened_is_a_problem(error: Exception, status: int) -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Follower]:
        raise error
        yield

    messages: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        messages.append(message)

    await EventStream(broken(), render, asyncio.Event())({"type": "http"}, never, send)
    assert messages[0]["status"] == status
