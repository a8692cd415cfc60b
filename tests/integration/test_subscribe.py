"""Subscribers on a real broker: what they get, where they go on, and what they have committed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from schemas import EnrichedArticle, Story
from streams.clock import now
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.local.broker import Broker
from streams.sdk import Cursor, Received, Unreadable, UnreadableError, subscribe, unique
from streams.sdk.subscribe import Options, Where
from streams.settings import Settings
from streams.topics import ENRICHED, RAW, STORY_STATE, UNIQUE
from tests.integration.harness import until
from tests.integration.newsroom import Newsroom, enriched, opened, story

PARTITIONS = 3


@pytest_asyncio.fixture
async def newsroom(broker: Broker, lane: str, tmp_path: Path) -> AsyncIterator[Newsroom]:
    settings = Settings(
        broker=broker.bootstrap, lane=lane, state_dir=tmp_path, partitions=PARTITIONS, session_timeout_s=6
    )
    async with opened(broker.endpoint, settings) as room:
        yield room


async def take(items: Any, count: int, each: Callable[[Any], object] = lambda _: None) -> list[Any]:
    """The first `count` items; the loop is left while it has the last."""
    taken: list[Any] = []
    async with aclosing(items):
        async for item in items:
            taken.append(item)
            each(item)
            if len(taken) == count:
                break
    return taken


def places(items: list[Any]) -> list[tuple[int, int]]:
    return sorted((item.partition, item.offset) for item in items)


async def log_of(newsroom: Newsroom) -> set[tuple[int, int]]:
    """Every place in the topic of articles."""
    name = newsroom.settings.topic(ENRICHED.name)
    return {(record.partition, record.offset) async for record in read_topic(Endpoint(newsroom.settings.broker), name)}


async def test_a_reader_catches_up_and_then_lives(newsroom: Newsroom) -> None:
    await newsroom.articles(range(30))
    seen: list[Received[EnrichedArticle]] = []
    caught_up = asyncio.Event()

    async def read() -> None:
        async with aclosing(subscribe("articles", since="earliest", settings=newsroom.settings)) as items:
            async for item in items:
                seen.append(item)
                if len(seen) == 30:
                    caught_up.set()
                if len(seen) == 40:
                    return

    reading = asyncio.create_task(read())
    await caught_up.wait()
    await newsroom.articles(range(30, 40))
    await reading
    assert {item.value.article_id for item in seen} == {enriched(number).article_id for number in range(40)}
    first = seen[0]
    assert (first.envelope.type, first.envelope.subject) == (ENRICHED.name, first.value.article_id)
    assert first.topic == newsroom.settings.topic(ENRICHED.name)
    for partition in range(PARTITIONS):
        offsets = [item.offset for item in seen if item.partition == partition]
        assert all(later == earlier + 1 for earlier, later in pairwise(offsets))


async def test_a_cursor_goes_on_where_the_reader_stopped(newsroom: Newsroom) -> None:
    await newsroom.articles(range(25))
    head = await take(subscribe("articles", since="earliest", settings=newsroom.settings), 11)
    text = str(head[-1].cursor)
    await newsroom.articles(range(25, 28))
    tail = await take(subscribe("articles", since=text, settings=newsroom.settings), 17)
    assert len(set(places(head)) | set(places(tail))) == 28
    assert {type(item.cursor) for item in tail} == {Cursor}


async def test_an_instant_is_sought_by_the_brokers_clock(newsroom: Newsroom) -> None:
    await newsroom.articles(range(5))
    await asyncio.sleep(0.05)
    instant = now()
    await newsroom.articles(range(5, 8))
    found = await take(subscribe("articles", since=instant, settings=newsroom.settings), 3)
    assert {item.value.article_id for item in found} == {enriched(number).article_id for number in range(5, 8)}
    assert all(item.timestamp >= instant.replace(microsecond=0) for item in found)


async def test_only_what_is_wanted_comes(newsroom: Newsroom) -> None:
    await newsroom.articles(range(4), source="gazette")
    await newsroom.articles(range(4, 8), source="herald")
    wheres: list[Where] = [{"source": "herald"}, lambda item: item.value.article.source.id == "herald"]
    by_name, by_hand = [
        await take(subscribe("articles", where=where, since="earliest", settings=newsroom.settings), 4)
        for where in wheres
    ]
    assert places(by_name) == places(by_hand)
    assert {item.value.article.source.id for item in by_name} == {"herald"}


async def test_an_unreadable_record_is_raised_skipped_or_told(newsroom: Newsroom) -> None:
    await newsroom.garbage(ENRICHED, enriched(1).article_id)
    await newsroom.articles([1])
    at = newsroom.settings
    with pytest.raises(UnreadableError, match="bad_json"):
        await take(subscribe("articles", since="earliest", settings=at), 1)
    assert len(await take(subscribe("articles", since="earliest", settings=at, on_error="skip"), 1)) == 1
    told: list[Unreadable] = []
    assert len(await take(subscribe("articles", since="earliest", settings=at, on_error=told.append), 1)) == 1
    assert [(each.reason, each.record.value) for each in told] == [("bad_json", b"{")]


async def test_a_forgotten_story_is_given_to_those_who_ask(newsroom: Newsroom) -> None:
    gone = story(1)
    await newsroom.put(STORY_STATE, gone)
    await newsroom.tombstone(STORY_STATE, gone.story_id)
    await newsroom.put(STORY_STATE, story(1, version=2))
    plain = await take(subscribe("stories", since="earliest", settings=newsroom.settings), 2)
    assert [item.value.version for item in plain] == [1, 2]
    whole = await take(subscribe("stories", tombstones=True, since="earliest", settings=newsroom.settings), 3)
    assert [type(item.value) for item in whole] == [Story, type(None), Story]
    assert whole[1].key == gone.story_id.encode()


async def test_dead_letters_of_all_stages_come_as_one(newsroom: Newsroom) -> None:
    await newsroom.dead_letter(RAW, "memory")
    await newsroom.dead_letter(UNIQUE, "stage_error")
    letters = await take(subscribe("dead_letters", since="earliest", settings=newsroom.settings), 2)
    found = {(letter.topic, letter.value.reason) for letter in letters}
    parked = {(RAW.dead_letters, "memory"), (UNIQUE.dead_letters, "stage_error")}
    assert found == {(newsroom.settings.topic(name), reason) for name, reason in parked}


async def test_a_lane_that_is_not_there_is_an_error(newsroom: Newsroom) -> None:
    nowhere = newsroom.settings.model_copy(update={"lane": "nowhere"})
    for group in (None, "any"):
        with pytest.raises(BrokerError, match="no topic"):
            await take(subscribe("articles", group=group, settings=nowhere), 1)


async def test_an_item_is_committed_only_after_the_next_was_asked_for(newsroom: Newsroom) -> None:
    await newsroom.articles(range(12))
    options: Options = {"group": "archive", "since": "earliest", "settings": newsroom.settings}
    first = await take(subscribe("articles", **options), 5)
    # The loop was left while it had the fifth: that one comes again, the four before it do not.
    second = await take(subscribe("articles", **options), 8)
    assert places(second) == sorted(await log_of(newsroom) - set(places(first[:4])))


async def test_a_loop_that_fails_leaves_its_item_to_come_again(newsroom: Newsroom) -> None:
    await newsroom.articles(range(3))
    options: Options = {"group": "fragile", "since": "earliest", "settings": newsroom.settings}

    def stumble(item: Received[EnrichedArticle]) -> None:
        raise ValueError(item.offset)

    with pytest.raises(ValueError, match=r"\d"):
        await take(subscribe("articles", **options), 1, stumble)
    assert len(await take(subscribe("articles", **options), 3)) == 3


async def test_by_hand_nothing_is_committed_but_what_is_said(newsroom: Newsroom) -> None:
    await newsroom.articles(range(9))
    options: Options = {"group": "ledger", "since": "earliest", "commit": "manual", "settings": newsroom.settings}
    taken: list[Received[EnrichedArticle]] = []
    async with aclosing(subscribe("articles", **options)) as items:
        async for item in items:
            taken.append(item)
            if len(taken) == 4:
                assert await item.commit()
            if len(taken) == 9:
                break
    done = {(taken[3].partition, offset) for offset in range(taken[3].offset + 1)}
    left = await log_of(newsroom) - done
    assert places(await take(subscribe("articles", **options), len(left))) == sorted(left)


async def test_members_share_partitions_and_a_rebalance_loses_nothing(newsroom: Newsroom) -> None:
    got: list[tuple[str, tuple[int, int]]] = []
    options: Options = {"group": "pair", "since": "earliest", "settings": newsroom.settings}

    async def member(name: str) -> None:
        async with aclosing(subscribe("articles", **options)) as items:
            async for item in items:
                await asyncio.sleep(0.002)
                got.append((name, (item.partition, item.offset)))

    await newsroom.articles(range(100))
    one = asyncio.create_task(member("one"))
    await until(lambda: len(got) > 20, "the first member is at work")
    two = asyncio.create_task(member("two"))
    await until(lambda: _with_more(newsroom, lambda: any(name == "two" for name, _ in got)), "the second has a share")
    one.cancel()  # it leaves the group in order, and commits on its way
    await asyncio.gather(one, return_exceptions=True)
    await newsroom.articles(range(110, 120))
    wanted = await log_of(newsroom)
    await until(lambda: {place for _, place in got} == wanted, "everything has been read")
    two.cancel()
    await asyncio.gather(two, return_exceptions=True)
    assert len(got) - len(wanted) <= 2 * PARTITIONS, "what a member was at when it lost its partitions, no more"


async def _with_more(newsroom: Newsroom, condition: Callable[[], bool]) -> bool:
    await newsroom.articles(range(100, 110))
    return condition()


async def test_a_repetition_by_a_killed_worker_is_dropped_by_id(newsroom: Newsroom) -> None:
    await newsroom.again(ENRICHED, enriched(1))
    await newsroom.articles([2])
    items = subscribe("articles", since="earliest", settings=newsroom.settings)
    found = await take(unique(items), 2)
    await items.aclose()
    assert {item.value.article_id for item in found} == {enriched(1).article_id, enriched(2).article_id}
