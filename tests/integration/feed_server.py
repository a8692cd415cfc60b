"""The web of the scripted day: eight hosts on the loopback interface, and a log of who asked for what when."""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import format_datetime
from typing import Literal

from aiohttp import web

from tests.integration.feed_pace import START, FastPace
from tests.integration.feed_script import HOSTS, HOUR, Feed, rendered, text_of

__all__ = ["HOSTILE", "Ask", "Web", "serve_day"]

RETRY_AFTER_S = 2 * HOUR
HOSTILE = ("bomb", "loop", "private", "deep", "laughs", "endless")
"""Feeds that never give anything; one of each on the last host."""

_HEAD = "<html><head><title>{title}</title></head><body><nav>Home</nav>"
_PAGE = _HEAD + "<article><h1>{title}</h1>{text}</article></body></html>"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: seconds since the day began, which host, what kind of thing, its path, and the status answered."""

    at: float
    host: int
    kind: Literal["feed", "page", "robots"]
    path: str
    status: int


@dataclass(slots=True)
class Web:
    """The hosts while they are up. `news` is set whenever a feed with something new was served."""

    port: int
    pace: FastPace
    feeds: dict[int, Feed]
    log: list[Ask] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _served: dict[int, int] = field(default_factory=dict)

    def base(self, host: int) -> str:
        """URL of a host."""
        return f"http://127.0.0.{host + 1}:{self.port}"

    def url(self, feed: Feed) -> str:
        """Where the catalogue has a feed."""
        return f"{self.base(feed.host)}/feed/{feed.number}"

    def note(self, request: web.Request, kind: Literal["feed", "page", "robots"], status: int, at: float) -> None:
        """Write a request into the log."""
        host = int(str(request.url.host).rpartition(".")[2]) - 1
        self.log.append(Ask(at, host, kind, request.path, status))

    async def robots(self, request: web.Request) -> web.Response:
        """robots.txt, which forbids nothing that is asked for."""
        self.note(request, "robots", 200, self.pace.passed())
        return web.Response(text="User-agent: *\nDisallow: /private/\n")

    async def page(self, request: web.Request) -> web.Response:
        """An article page as it stands now."""
        at = self.pace.passed()
        feed = self.feeds[int(request.match_info["feed"])]
        entry = feed.entries[int(request.match_info["entry"])]
        self.note(request, "page", 200, at)
        text = text_of(feed, entry, entry.version(at))
        return web.Response(text=_PAGE.format(title=f"Report {entry.number}", text=text), content_type="text/html")

    async def feed(self, request: web.Request) -> web.StreamResponse:
        """A feed as it stands now, or its trouble."""
        at = self.pace.passed()
        feed = self.feeds[int(request.match_info["feed"])]
        response = await self._trouble(feed, at, moved="moved" in request.path) or self._feed(feed, request, at)
        self.note(request, "feed", response.status, at)
        return response

    async def _trouble(self, feed: Feed, at: float, *, moved: bool) -> web.Response | None:
        trouble = feed.trouble
        if trouble is None or not trouble.begin <= at < trouble.end:
            return None
        if trouble.kind == "slow":
            await asyncio.sleep(0.4)
        if trouble.kind == "slow" or moved:
            return None
        date = format_datetime(START + timedelta(seconds=at + RETRY_AFTER_S), usegmt=True)
        target = f"{self.base(feed.host)}/moved/{feed.number}"
        return {
            "throttled_seconds": web.Response(status=429, headers={"Retry-After": str(RETRY_AFTER_S)}),
            "throttled_date": web.Response(status=503, headers={"Retry-After": date}),
            "moved": web.Response(status=301, headers={"Location": target}),
            "gone": web.Response(status=410),
            "unavailable": web.Response(status=500),
            "broken": web.Response(text="<rss><channel><item><title>cut", content_type="application/rss+xml"),
            "html": web.Response(text="<html><body>Back soon.</body></html>", content_type="text/html"),
        }[trouble.kind]

    def _feed(self, feed: Feed, request: web.Request, at: float) -> web.Response:
        text, media_type = rendered(feed, self.base(feed.host), at)
        response = web.Response(text=text, content_type=media_type)
        state = sum(entry.version(at) for entry in feed.entries)
        if feed.validators == "etag":
            response.etag = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
            known = response.etag in (request.if_none_match or ())
        elif feed.validators == "last_modified":
            # Whole seconds of a day that is over in a minute would hide what is published within one.
            stamp = format_datetime(START + timedelta(days=state), usegmt=True)
            response.headers["Last-Modified"] = stamp
            known = request.headers.get("If-Modified-Since") == stamp
        else:
            known = False
        if self._served.get(feed.number) != state:
            self._served[feed.number] = state
            self.news.set()
        return web.Response(status=304) if known else response

    async def hostile(self, request: web.Request) -> web.StreamResponse:
        """What nobody should serve."""
        self.note(request, "feed", 200, self.pace.passed())
        match request.match_info["how"]:
            case "bomb":
                body = gzip.compress(b" " * (64 * 1024 * 1024))
                return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/xml"})
            case "loop":
                return web.Response(status=302, headers={"Location": request.path})
            case "private":
                return web.Response(status=301, headers={"Location": "http://169.254.169.254/latest/meta-data"})
            case "deep":
                return web.Response(text="<rss>" + "<a>" * 100_000, content_type="application/rss+xml")
            case "laughs":
                text = '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "ha">]><rss><channel>&a;</channel></rss>'
                return web.Response(text=text, content_type="application/rss+xml")
            case _:
                return await _endless(request)


async def _endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/rss+xml"})
    await response.prepare(request)
    with suppress(ConnectionError, asyncio.CancelledError):
        while True:
            await response.write(b" ")
            await asyncio.sleep(0.2)
    return response


@asynccontextmanager
async def serve_day(feeds: tuple[Feed, ...], pace: FastPace) -> AsyncIterator[Web]:
    """The hosts, for the time of the context; time passes meanwhile."""
    found = Web(0, pace, {feed.number: feed for feed in feeds})
    app = web.Application()
    routes: dict[str, Callable[[web.Request], object]] = {
        "/robots.txt": found.robots,
        "/page/{feed}/{entry}": found.page,
        "/feed/{feed}": found.feed,
        "/moved/{feed}": found.feed,
        "/hostile/{how}": found.hostile,
    }
    for path, handler in routes.items():
        app.router.add_get(path, handler)  # type: ignore[arg-type]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    leading = asyncio.create_task(pace.lead())
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        found.port = int(runner.addresses[0][1])
        for host in range(1, HOSTS):
            await web.TCPSite(runner, f"127.0.0.{host + 1}", found.port).start()
        yield found
    finally:
        leading.cancel()
        await runner.cleanup()
