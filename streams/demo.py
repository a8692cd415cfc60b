"""The whole of newsloom in one call: a broker, a worker, some articles or feeds, and the stories they make."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from importlib.resources import files

import orjson

from schemas import RawDocument, SourceConfig
from streams.app import Running, running, scratch
from streams.clock import now
from streams.codec import Record
from streams.edge.admin import delete_topics
from streams.edge.reader import read_topics
from streams.endpoint import endpoint_at
from streams.errors import BrokerError, InputError
from streams.feeds.edit import put
from streams.ingest import IngestOptions, Refused, documents
from streams.ingest.push import push
from streams.local.site import Site
from streams.local.site import serve as serve_site
from streams.observe.balance import document_of
from streams.observe.lookup import read_enriched, read_stories
from streams.observe.views import StoryView, newest_first
from streams.settings import Settings
from streams.topics import DUPLICATE, RAW, STORY_EVENT, STORY_STATE
from streams.topology import TOPOLOGY

__all__ = ["demo", "demo_feeds", "samples"]

_CRASHES = 3
_STILL_S = 120.0
_GLANCE_S = 0.2
_SPACING_S = 0.2


def samples() -> str:
    """Folder of the bundled articles."""
    return str(files("streams.local") / "samples")


async def demo(
    settings: Settings,
    paths: Sequence[str],
    *,
    show: Callable[[list[StoryView]], None],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Run everything for the articles under `paths`, and `show` the stories they make, newest first.

    On a broker of its own it works in a temporary folder; on a given one in a lane of its
    own, which is deleted again. Nothing is left behind, nothing that runs is disturbed.
    """
    options = IngestOptions(now=now(), max_document_bytes=settings.max_document_bytes)
    raw = _all_taken(documents(paths, options=options))
    with scratch(_small(settings)) as own:
        say("starting a broker and a worker, for this demo only" if not own.lane else f"working in the lane {own.lane}")
        try:
            async with running(own, say=say) as live:
                say(f"{len(raw)} articles into {own.topic(TOPOLOGY[0].reads.name)}")
                await push(live.broker.endpoint, own, raw)
                await _processed(live, {document.document_id for document in raw})
                show(await _views(live))
        finally:
            if own.lane:
                await delete_topics(endpoint_at(own.broker, own), own)


async def demo_feeds(
    settings: Settings,
    *,
    show: Callable[[list[StoryView]], None],
    say: Callable[[str], None] = lambda _: None,
    serve: bool = False,
) -> None:
    """As `demo`, for the bundled news site: a web server of ours, a poller that reads its feeds, and the rest.

    With `serve` the API is there from the beginning, `say` gets its address, and all goes on until cancelled.
    """
    with scratch(_small(settings)) as small:
        async with serve_site() as site:
            allowed = {"fetch_allow": f"127.0.0.1:{site.port}", "fetch_spacing_s": _SPACING_S}
            own = small.model_copy(update=allowed)
            say(
                f"a news site of {len(site.feeds)} outlets is at 127.0.0.1:{site.port}; starting broker, worker, poller"
            )
            try:
                async with (
                    running(own, poller=True, say=say) as live,
                    _served(live, say) if serve else nullcontext() as serving,
                ):
                    await put(live.broker.endpoint, own, _configs(site))
                    await _processed(live, await _polled(live, site.articles))
                    show(await _views(live))
                    if serving is not None:
                        say("Ctrl-C ends it")
                        await serving
            finally:
                if own.lane:
                    await delete_topics(endpoint_at(own.broker, own), own)


def _configs(site: Site) -> list[SourceConfig]:
    return [
        SourceConfig(source_id=source_id, name=name, url=url, language="en", owner_id=source_id)
        for source_id, name, url in site.feeds
    ]


async def _polled(live: Running, count: int) -> set[str]:
    """Ids of the first `count` documents that the poller brings."""
    found: set[str] = set()

    async def follow() -> None:
        name = live.settings.topic(RAW.name)
        async with aclosing(read_topics(live.broker.endpoint, [name], until_end=False)) as records:
            async for record in records:
                found.add(document_of(record))
                if len(found) >= count:
                    return

    try:
        await asyncio.wait_for(follow(), _STILL_S)
    except TimeoutError as error:
        raise BrokerError(
            f"the poller brought {len(found)} of {count} articles; the log ends with\n{live.last_words()}"
        ) from error
    return found


@asynccontextmanager
async def _served(live: Running, say: Callable[[str], None]) -> AsyncIterator[asyncio.Task[None]]:
    from streams.api.server import serve  # noqa: PLC0415 - half a second that only this needs

    serving = asyncio.create_task(serve(live.broker.endpoint, live.settings, say=say))
    try:
        yield serving
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


def _small(settings: Settings) -> Settings:
    """As quick to start as it gets: one worker, one partition; a lane where others may be at work."""
    lane = "" if settings.broker in ("auto", "embedded") else f"demo-{secrets.token_hex(4)}"
    return settings.model_copy(update={"lane": lane, "partitions": 1, "workers": 1, "processes": 1})


def _all_taken(found: Iterable[RawDocument | Refused]) -> list[RawDocument]:
    taken = []
    for item in found:
        if isinstance(item, Refused):
            raise InputError(f"{item.path}: {item.reason}" + (f": {item.detail}" if item.detail else ""))
        taken.append(item)
    if not taken:
        raise InputError("no article there")
    return taken


@dataclass(slots=True)
class _Progress:
    """Which documents have not come to their end, and which states of stories are still to appear."""

    waiting: set[str]
    events: dict[str, int] = field(default_factory=dict)
    states: dict[str, int] = field(default_factory=dict)
    moved_at: float = field(default_factory=time.monotonic)

    def see(self, topic: str, record: Record) -> None:
        """Follow one record of a topic where documents end."""
        self.moved_at = time.monotonic()
        value = orjson.loads(record.value) if record.value and not topic.endswith(".dlq") else {}
        if topic == STORY_STATE.name:
            self.states[(record.key or b"").decode()] = value.get("version", 0)
            return
        if topic == STORY_EVENT.name:
            self.events[value["story_id"]] = value["story_version"]
        self.waiting.discard(document_of(record))

    @property
    def done(self) -> bool:
        """Whether everything is there to be read."""
        return not self.waiting and all(self.states.get(story, 0) >= at for story, at in self.events.items())


async def _processed(live: Running, document_ids: set[str]) -> None:
    progress = _Progress(document_ids)
    tasks = [asyncio.create_task(_follow(live, progress)), asyncio.create_task(_alarm(live, progress))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _follow(live: Running, progress: _Progress) -> None:
    names = [DUPLICATE.name, STORY_EVENT.name, STORY_STATE.name]
    names += [stage.reads.dead_letters for stage in TOPOLOGY]
    by_full = {live.settings.topic(name): name for name in names}
    async with aclosing(read_topics(live.broker.endpoint, by_full, until_end=False)) as records:
        async for record in records:
            progress.see(by_full[record.topic], record)
            if progress.done:
                return


async def _alarm(live: Running, progress: _Progress) -> None:
    """Raise when the worker keeps ending, or nothing comes out any more."""
    most = live.supervisor.restarts + _CRASHES
    while True:
        if live.supervisor.restarts >= most:
            raise BrokerError(f"the worker keeps ending; its log ends with\n{live.last_words()}")
        if time.monotonic() - progress.moved_at > _STILL_S:
            raise BrokerError(f"nothing came out for {_STILL_S:g} s; the worker's log ends with\n{live.last_words()}")
        await asyncio.sleep(_GLANCE_S)


async def _views(live: Running) -> list[StoryView]:
    at = live.broker.endpoint
    stories = [story for story in (await read_stories(at, live.settings)).values() if story.status != "merged"]
    members = {member.article_id for story in stories for member in story.articles}
    articles = await read_enriched(at, live.settings, members)
    return [StoryView.of(story, articles) for story in newest_first(stories)]
