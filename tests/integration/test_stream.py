"""`/v1/stream` on a real broker: resumed anywhere, filtered, bounded, and closed in order."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest
import pytest_asyncio

from streams.edge.reader import read_topics
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.local.broker import Broker
from streams.sdk.event_stream import EventParser, ServerSent
from streams.sdk.sse import listen
from streams.settings import Settings
from streams.topics import ENRICHED, STORY_STATE
from tests.integration.harness import until
from tests.integration.newsroom import Newsroom, enriched, opened, story
from tests.integration.serving import served


@pytest_asyncio.fixture
async def newsroom(broker: Broker, lane: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path, partitions=2)
    async with opened(broker.endpoint, settings) as room:
        yield room


async def take(url: str, count: int, **options: Any) -> list[ServerSent]:
    taken: list[ServerSent] = []
    async with aclosing(listen(url, **options)) as events:
        async for sent in events:
            taken.append(sent)
            if len(taken) == count:
                break
    return taken


def place(sent: ServerSent) -> tuple[str, int, int]:
    event = orjson.loads(sent.data)
    return event["topic"], event["partition"], event["offset"]


async def log_of(newsroom: Newsroom, *names: str) -> set[tuple[str, int, int]]:
    full = [newsroom.settings.topic(name) for name in names]
    records = read_topics(Endpoint(newsroom.settings.broker), full)
    return {(record.topic, record.partition, record.offset) async for record in records}


async def test_wherever_a_client_stops_it_goes_on_with_no_gap_and_no_repeat(newsroom: Newsroom) -> None:
    await newsroom.articles(range(20))
    await newsroom.put(STORY_STATE, *(story(number) for number in range(10)))
    wanted = await log_of(newsroom, ENRICHED.name, STORY_STATE.name)
    async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url:
        options: dict[str, Any] = {"topics": ("articles", "stories"), "since": "earliest"}
        got: list[ServerSent] = []
        while len(got) < 30:
            last_id = got[-1].id if got else ""
            got += await take(url, min(7, 30 - len(got)), last_id=last_id, **options)
    assert {place(sent) for sent in got} == wanted
    for topic, partition in {place(sent)[:2] for sent in got}:
        offsets = [place(sent)[2] for sent in got if place(sent)[:2] == (topic, partition)]
        assert all(later == earlier + 1 for earlier, later in pairwise(offsets))
    assert {sent.event for sent in got} == {"article", "story"}


async def test_a_client_that_got_nothing_yet_has_a_place_all_the_same(newsroom: Newsroom) -> None:
    await newsroom.articles([1])
    async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url, aiohttp.ClientSession() as session:
        async with session.get(f"{url}/v1/stream?topics=articles") as response:
            assert response.headers["Content-Type"].startswith("text/event-stream")
            (begun,) = EventParser().feed(await response.content.readuntil(b"\n\n"))
        await newsroom.articles([2])
        (sent,) = await take(url, 1, topics=("articles",), last_id=begun.id)
    assert orjson.loads(sent.data)["subject"] == enriched(2).article_id


async def test_filters_hold_and_what_they_leave_out_is_not_looked_at_again(newsroom: Newsroom) -> None:
    await newsroom.articles(range(6), source="gazette")
    await newsroom.articles(range(6, 9), source="herald")
    await newsroom.put(STORY_STATE, story(1), story(2))
    async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url:
        found = await take(url, 3, topics=("articles",), since="earliest", filters={"source": "herald"})
        assert {orjson.loads(sent.data)["data"]["article"]["source"]["id"] for sent in found} == {"herald"}
        (one,) = await take(url, 1, since="earliest", filters={"story": story(2).story_id, "data": "false"})
        assert orjson.loads(one.data)["subject"] == story(2).story_id
        assert "data" not in orjson.loads(one.data)


OFF = {
    "topics=gossip": (422, "bad_parameter"),
    "topics=": (422, "bad_parameter"),
    "since=tomorrow": (400, "bad_cursor"),
    "last_event_id=AAAA": (400, "bad_cursor"),
    "last_event_id=" + "A" * 20_000: (422, "bad_parameter"),
    "data=perhaps": (422, "bad_parameter"),
}


async def test_what_is_off_is_answered_with_a_problem(newsroom: Newsroom) -> None:
    async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url, aiohttp.ClientSession() as session:
        for query, wanted in OFF.items():
            async with session.get(f"{url}/v1/stream?{query}") as response:
                problem = await response.json(content_type="application/problem+json")
                assert (response.status, problem["reason"]) == wanted, query
        with pytest.raises(UsageError, match="bad_cursor"):
            await take(url, 1, last_id="AAAA")


async def test_records_that_are_gone_are_said_to_be(newsroom: Newsroom) -> None:
    await newsroom.articles(range(30))
    async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url:
        (first,) = await take(url, 1, topics=("articles",), since="earliest")
        await newsroom.forget(ENRICHED, before=5)
        begun = {place(first)[1]: 1}
        async with aclosing(listen(url, topics=("articles",), last_id=first.id)) as events:
            told = [await anext(events) for _ in range(newsroom.settings.partitions)]
            assert place(await anext(events))[2] == 5
    gaps = {gap["partition"]: (gap["wanted"], gap["found"]) for gap in (orjson.loads(sent.data) for sent in told)}
    assert {sent.event for sent in told} == {"gap"}
    assert gaps == {number: (begun.get(number, 0), 5) for number in range(newsroom.settings.partitions)}


async def test_no_more_streams_than_allowed_and_a_place_is_free_again(newsroom: Newsroom) -> None:
    async with (
        served(Endpoint(newsroom.settings.broker), newsroom.settings, api_streams=1) as url,
        aiohttp.ClientSession() as session,
    ):
        first = await session.get(f"{url}/v1/stream")
        await first.content.readuntil(b"\n\n")
        second = await session.get(f"{url}/v1/stream")
        assert (second.status, second.headers["Retry-After"]) == (503, "10")
        first.close()

        async def free() -> bool:
            async with session.get(f"{url}/v1/stream") as third:
                return third.status == 200

        await until(free, "the place is free again")


async def test_a_server_that_stops_ends_its_streams_at_once(newsroom: Newsroom) -> None:
    async with aiohttp.ClientSession() as session:
        async with served(Endpoint(newsroom.settings.broker), newsroom.settings) as url:
            response = await session.get(f"{url}/v1/stream")
            await response.content.readuntil(b"\n\n")
            ending, stopping = asyncio.create_task(ended(response)), asyncio.get_running_loop().time()
        assert await ending - stopping < 4


async def ended(response: aiohttp.ClientResponse) -> float:
    """When it ended, with nothing more in it; the server has other things to stop beside."""
    assert await response.content.read() == b""
    return asyncio.get_running_loop().time()
