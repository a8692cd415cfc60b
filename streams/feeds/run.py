"""A poller put together from settings: one a lane of a state folder, and what it reports."""

import asyncio
import fcntl
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.feeds.answers import Limits
from streams.feeds.fetch import Fetcher
from streams.feeds.fetch import Policy as FetchPolicy
from streams.feeds.hosts import Hosts, Spacing
from streams.feeds.journal import Journal
from streams.feeds.measured import measure
from streams.feeds.pace import REAL, Pace
from streams.feeds.pages import Pages
from streams.feeds.parsing import Parser
from streams.feeds.poller import Poller
from streams.feeds.robots import Robots
from streams.feeds.schedule import Policy
from streams.feeds.status import latest, rows
from streams.feeds.visit import Visitor
from streams.ingest.sender import open_sender
from streams.settings import Settings
from streams.telemetry.alive import REPORT_S, report_of, write_report
from streams.topics import RAW, SOURCE_CONFIG, SOURCE_STATE

__all__ = ["POLLER_TOPICS", "only_poller", "open_poller", "read_report", "run_poller", "stopped_by_signals"]

POLLER_TOPICS = (RAW.name, SOURCE_CONFIG.name, SOURCE_STATE.name)
"""Names of all topics that a poller has to do with."""

_PAGE_BYTES = 5 * 1024 * 1024
_SHOWN = 12


@asynccontextmanager
async def open_poller(endpoint: Endpoint, settings: Settings, *, pace: Pace = REAL) -> AsyncIterator[Poller]:
    """A poller that has recovered and may run; UsageError when another one of this state folder has the lane."""
    spacing = Spacing(between_s=settings.fetch_spacing_s)
    hosts = Hosts(spacing, now=lambda: pace.now().timestamp(), sleep=pace.sleep)
    policy = Policy(settings.feed_floor_s, settings.feed_cap_s)
    with only_poller(settings):
        async with AsyncExitStack() as resources:
            enter = resources.enter_async_context
            journal = await enter(Journal(endpoint, settings))
            sender = await enter(open_sender(endpoint, settings, client_id="newsloom-poller"))
            parser = await enter(Parser())
            fetcher = await enter(Fetcher(FetchPolicy.of(settings), pace.now, hosts=hosts))
            limits = Limits(max_bytes=min(_PAGE_BYTES, settings.max_document_bytes))
            pages = Pages(fetcher, Robots(fetcher, pace.now), limits, pace.now)
            visitor = Visitor(fetcher, parser, pages, sender, journal, pace, policy)
            poller = Poller(visitor, journal, at_once=settings.feed_polls, rest_s=settings.fetch_spacing_s)
            await poller.recover()
            yield poller


async def run_poller(endpoint: Endpoint, settings: Settings, stop: asyncio.Event, *, pace: Pace = REAL) -> None:
    """Poll until `stop`, and report once a second that it is alive, and how its feeds do."""
    async with open_poller(endpoint, settings, pace=pace) as poller:
        reporter = asyncio.create_task(_report(poller, report_of(settings, "poller")))
        try:
            await poller.run(stop, grace_s=settings.shutdown_s / 2)
        finally:
            reporter.cancel()


def stopped_by_signals(stop: asyncio.Event) -> asyncio.Event:
    """Have SIGTERM and SIGINT set `stop`; the same event."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


@contextmanager
def only_poller(settings: Settings) -> Iterator[None]:
    """Hold the poller's lock of a lane; UsageError when another process has it. A kill frees it."""
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / f"{settings.topic('poller')}.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise UsageError(f"a poller already runs on {settings.state_dir} (process {holder})") from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def read_report(settings: Settings) -> dict[str, Any] | None:
    """What the poller said last, None when it has said nothing."""
    try:
        found: dict[str, Any] = json.loads(report_of(settings, "poller").read_text())
    except (OSError, ValueError):
        return None
    return found


async def _report(poller: Poller, target: Path) -> None:
    while True:
        table = rows(poller.catalogue, poller.states)
        measure(table, poller.agenda, poller.visitor.pace.now())
        report = {
            "sources": len(table),
            "polls": sum(row.polls for row in table),
            "pushed": sum(row.pushed for row in table),
            "failing": sum(row.failing for row in table),
            "rows": [row.as_json() for row in latest(table, _SHOWN)],
        }
        write_report(target, report)
        await asyncio.sleep(REPORT_S)
