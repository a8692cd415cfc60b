"""The poller against a web server and a real broker: what is pushed, what is remembered, what a cut costs."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from schemas import RawDocument, SourceConfig
from streams.edge.reader import read_topic
from streams.errors import UsageError
from streams.feeds.edit import put, remove
from streams.feeds.journal import read_configs, read_states
from streams.feeds.poller import Poller
from streams.feeds.run import open_poller
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import RAW
from tests.integration.harness import until
from tests.loopback import site

TEXT = "The council of Tarnmouth met on Monday and spoke about the ferry, the harbour and the price of eels. " * 4


class CutError(Exception):
    """Where a SIGKILL would have struck."""


class Outlet:
    """One feed whose entries, pages and answers a test sets."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {"1": TEXT, "2": TEXT + "Two."}
        self.pages: dict[str, str] = {}
        self.status = 200
        self.asked: list[tuple[str, int]] = []
        self.port = 0

    async def feed(self, request: web.Request) -> web.Response:
        """JSON Feed; entries with an empty text have theirs on a page."""
        etag = f'"{abs(hash(tuple(self.entries.items())))}"'
        known = request.headers.get("If-None-Match") == etag
        status = 304 if known and self.status == 200 else self.status
        self.asked.append(("feed", status))
        base = f"http://127.0.0.1:{self.port}/page?n="
        items: list[dict[str, Any]] = [
            {"id": name, "url": base + name, "title": f"Report {name}", **({"content_html": text} if text else {})}
            for name, text in self.entries.items()
        ]
        body = {"version": "https://jsonfeed.org/version/1.1", "title": "Outlet", "items": items}
        return web.json_response(None if status == 304 else body, status=status, headers={"ETag": etag})

    async def page(self, request: web.Request) -> web.Response:
        """The page of an entry; 503 while a test has set none."""
        text = self.pages.get(request.query["n"])
        self.asked.append(("page", 200 if text else 503))
        html = f"<html><body>{text}</body></html>"
        return web.Response(text=html, content_type="text/html", status=200 if text else 503)

    async def robots(self, _: web.Request) -> web.Response:
        """Nothing is forbidden."""
        return web.Response(text="")


@pytest.fixture
async def outlet() -> AsyncIterator[Outlet]:
    served = Outlet()
    pages = {"/feed": served.feed, "/page": served.page, "/robots.txt": served.robots}
    async with site(pages) as served.port:
        yield served


@pytest.fixture
async def settings(broker: Broker, lane: str, tmp_path: Path, outlet: Outlet) -> Settings:
    found = Settings(
        lane=lane,
        state_dir=tmp_path,
        partitions=2,
        fetch_allow=f"127.0.0.1:{outlet.port}",
        fetch_spacing_s=0.01,
    )
    await put(broker.endpoint, found, [config_of(outlet)])
    return found


def config_of(outlet: Outlet, source_id: str = "outlet") -> SourceConfig:
    return SourceConfig(source_id=source_id, url=f"http://127.0.0.1:{outlet.port}/feed")


async def documents(broker: Broker, settings: Settings) -> list[RawDocument]:
    records = read_topic(broker.endpoint, settings.topic(RAW.name))
    return [RawDocument.model_validate_json(record.value or b"") async for record in records]


@asynccontextmanager
async def cut(poller: Poller, where: str) -> AsyncIterator[None]:
    """Have `poller` end before or after it sends, or before it writes that it has sent."""
    journal, sender = poller.journal, poller.visitor.sender
    write, send = journal.write, sender.send
    announced = False

    async def cut_write(*states: Any) -> None:
        nonlocal announced
        if where == "after the push" and announced:
            raise CutError
        announced = announced or any(state.pushing is not None for state in states)
        await write(*states)

    async def cut_send(document: RawDocument) -> Any:
        if where == "before the push":
            raise CutError
        ack = await send(document)
        if where == "within the push":
            await ack
            raise CutError
        return ack

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(journal), "write", lambda _, *states: cut_write(*states))
        patch.setattr(type(sender), "send", lambda _, document: cut_send(document))
        with pytest.raises(CutError):
            yield


async def test_each_content_is_pushed_once(broker: Broker, settings: Settings, outlet: Outlet) -> None:
    async with open_poller(broker.endpoint, settings) as poller:
        (state,) = (await poller.once()).values()
        assert (state.outcome, state.pushed, state.polls) == ("new", 2, 1)
        (state,) = (await poller.once()).values()
        assert (state.outcome, state.pushed) == ("unchanged", 2)
        outlet.entries["2"] = TEXT + "Two, corrected."
        (state,) = (await poller.once()).values()
    assert outlet.asked == [("feed", 200), ("feed", 304), ("feed", 200)]
    pushed = await documents(broker, settings)
    assert sorted(document.title or "" for document in pushed) == ["Report 1", "Report 2", "Report 2"]
    assert len({document.document_id for document in pushed}) == 2
    assert (await read_states(broker.endpoint, settings))["outlet"] == state


@pytest.mark.parametrize("where", ["before the push", "within the push", "after the push"])
async def test_a_cut_anywhere_costs_no_text_and_doubles_none(broker: Broker, settings: Settings, where: str) -> None:
    async with open_poller(broker.endpoint, settings) as poller, cut(poller, where):
        await poller.once()
    left = (await read_states(broker.endpoint, settings))["outlet"]
    assert (left.pushing is not None, left.started_at is not None, left.seen) == (True, True, ())
    async with open_poller(broker.endpoint, settings) as poller:
        landed = {"before the push": 0, "within the push": 1, "after the push": 2}[where]
        mended = poller.states["outlet"]
        assert (len(mended.seen), mended.pushing, mended.started_at) == (landed, None, None)
        assert (mended.next_at - (mended.polled_at or mended.next_at)).total_seconds() >= settings.feed_floor_s
        await poller.once()
    assert sorted(document.title or "" for document in await documents(broker, settings)) == ["Report 1", "Report 2"]


async def test_a_page_that_cannot_be_had_is_tried_again_and_then_the_feeds_words_do(
    broker: Broker, settings: Settings, outlet: Outlet
) -> None:
    outlet.entries = {"3": "", "4": "Only a few words."}
    outlet.pages["4"] = TEXT
    async with open_poller(broker.endpoint, settings) as poller:
        (state,) = (await poller.once()).values()
        assert (state.pushed, state.etag) == (1, None)  # so that the next answer is no 304
        outlet.pages["3"] = TEXT + "At last."
        (state,) = (await poller.once()).values()
    assert (state.pushed, state.etag is None) == (2, False)
    assert {document.url for document in await documents(broker, settings)} == {
        f"http://127.0.0.1:{outlet.port}/page?n={name}" for name in "34"
    }


async def test_one_poller_has_a_lane(broker: Broker, settings: Settings) -> None:
    async with open_poller(broker.endpoint, settings):
        with pytest.raises(UsageError, match=f"already runs .*process {os.getpid()}"):
            async with open_poller(broker.endpoint, settings):
                pass


async def test_a_running_poller_follows_the_catalogue(broker: Broker, settings: Settings, outlet: Outlet) -> None:
    stop = asyncio.Event()
    async with open_poller(broker.endpoint, settings) as poller:
        running = asyncio.create_task(poller.run(stop))
        await until(_polled(poller, "outlet"), "the first poll")
        await put(broker.endpoint, settings, [config_of(outlet, "second")])
        await until(_polled(poller, "second"), "the poll of a source that was added")
        await remove(broker.endpoint, settings, ["outlet"])
        await until(lambda: set(poller.catalogue) == {"second"}, "a source that is gone")
        stop.set()
        await running
    assert set(await read_configs(broker.endpoint, settings)) == {"second"}


def _polled(poller: Poller, source_id: str) -> Callable[[], bool]:
    return lambda: source_id in poller.states and poller.states[source_id].polls > 0


async def test_a_host_that_asks_for_a_pause_gets_it_from_the_next_poller_too(
    broker: Broker, settings: Settings, outlet: Outlet
) -> None:
    outlet.status = 503
    async with open_poller(broker.endpoint, settings) as poller:
        failing = (await poller.once())["outlet"]
    assert (failing.outcome, failing.failure_score) == ("failed", 0.5)
    await put(broker.endpoint, settings, [config_of(outlet, "second")])
    held = failing.model_copy(update={"hold_until": failing.next_at})
    async with open_poller(broker.endpoint, settings) as poller:
        await poller.journal.write(held)
    async with open_poller(broker.endpoint, settings) as poller:
        asked = len(outlet.asked)
        states = await poller.once()
    assert len(outlet.asked) == asked
    assert states["outlet"] == held
