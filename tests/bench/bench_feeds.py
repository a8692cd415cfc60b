"""Feeds a second and core, and memory with bombs; a script: `python -m tests.bench.bench_feeds`.

Times are of the process, not of the wall: what else runs on the machine counts little. The feed has 40 entries
of 2,000 characters, 80 KiB; server and client of the fetches share the process, so those are lower bounds.
"""

import asyncio
import gzip
import resource
import time
import tracemalloc
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from aiohttp import web

from streams.feeds.addresses import allowance
from streams.feeds.answers import MIB, Failed, Limits, Validators
from streams.feeds.entries import content_of, identify
from streams.feeds.fetch import Fetcher, Policy
from streams.feeds.parse import ParsedFeed, parse_feed
from streams.feeds.parsing import Parser
from tests.loopback import Handler, site

URL = "https://x.example/feed.xml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
ROUNDS = 300

_ITEM = (
    "<item><title>Number {n} of the town council</title><link>https://x.example/news/{n}</link><guid>n-{n}</guid>"
    "<pubDate>Tue, 24 Nov 2026 10:00:{n:02} +0000</pubDate><description>&lt;p&gt;A few words.&lt;/p&gt;</description>"
    "<content:encoded><![CDATA[{body}]]></content:encoded><category>Local</category></item>"
)
_PACKED = gzip.compress(bytes(256 * MIB))
_BODY = "<p>Words of an item, <b>some</b> bold &amp; some not, that go on.</p>\n" * 28


def feed(*, sound: bool = True) -> bytes:
    """A feed of 40 entries; one that is not `sound` has a bare ampersand at its end."""
    items = "".join(_ITEM.format(n=n, body=_BODY) for n in range(40))
    return (
        '<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>T</title>'
        f"{items}<copyright>{'x' if sound else 'A & B'}</copyright></channel></rss>"
    ).encode()


def per_second(name: str, work: Callable[[], object], rounds: int = ROUNDS) -> None:
    """Print how often `work` is done in a second of processor time."""
    work()
    begun = time.process_time()
    for _ in range(rounds):
        work()
    report(name, rounds / (time.process_time() - begun))


async def per_second_async(name: str, work: Callable[[], Awaitable[object]]) -> None:
    """As `per_second`."""
    await work()
    begun = time.process_time()
    for _ in range(ROUNDS):
        await work()
    report(name, ROUNDS / (time.process_time() - begun))


def report(name: str, value: float, unit: str = "a second") -> None:
    """One line."""
    print(f"{name:60} {value:10,.0f} {unit}")


async def fetches() -> None:
    """Polls of a feed on loopback: unchanged, and whole with parsing."""
    body = gzip.compress(feed())

    async def handler(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304, headers={"ETag": '"1"'})
        return web.Response(body=body, headers={"ETag": '"1"', "Content-Encoding": "gzip"})

    pages: dict[str, Handler] = {"/": handler, "/bomb": _bomb}
    async with site(pages) as port:
        policy, url = Policy("bench", allowance(f"127.0.0.1:{port}")), f"http://127.0.0.1:{port}/"
        async with Fetcher(policy, lambda: NOW) as fetcher, Parser(memory_mb=512) as parser:
            await per_second_async(
                "polls, 304, with the server's part", lambda: fetcher.get(url, validators=Validators('"1"'))
            )
            await per_second_async("polls, 200 with gzip, with the server's part", lambda: fetcher.get(url))
            await per_second_async(
                "parses in a process, this process's part", lambda: parser.parse(feed(), "", None, URL)
            )
            await _bombs(fetcher, parser, url)


async def _bomb(_: web.Request) -> web.Response:
    return web.Response(body=_PACKED, headers={"Content-Encoding": "gzip"})


async def _bombs(fetcher: Fetcher, parser: Parser, url: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    answer = await fetcher.get(url + "bomb", limits=Limits())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(answer, Failed)
    report(f"gzip bomb of 256 MiB ({answer.reason}): Python memory", peak / 1024, "KiB")
    report("  and more resident memory than before", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, "KiB")
    for name, body in _hostile().items():
        begun = time.monotonic()
        found = await parser.parse(body, "", None, URL)
        what = f"{len(found.entries)} entries" if isinstance(found, ParsedFeed) else found.reason
        report(f"{name}: {what} after", (time.monotonic() - begun) * 1000, "ms")


def _hostile() -> dict[str, bytes]:
    laughs = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 10))
    deep = b"<rss><channel><item><description>" + b"<a>" * 300_000
    return {
        "billion laughs": b'<!DOCTYPE rss [<!ENTITY l0 "lol">'
        + laughs
        + b"]><rss><channel><item><title>&l9;</title></item>"
        b"</channel></rss>",
        "300,000 elements deep": deep,
        "15 MiB of items, not well-formed": b"<rss><channel>" + b"<item><title>a & b</title></item>" * 460_000,
    }


def main() -> None:
    """All of it."""
    sound, broken = feed(), feed(sound=False)
    report("size of the feed", len(sound) / 1024, "KiB")
    per_second("parses, well-formed", lambda: parse_feed(sound, "", None, URL))
    per_second("parses, not well-formed", lambda: parse_feed(broken, "", None, URL), 20)
    found = parse_feed(sound, "", None, URL)
    assert isinstance(found, ParsedFeed)
    per_second("feeds told apart, entry by entry", lambda: identify(found.entries), 50)
    per_second("feeds looked through for whole articles", lambda: [content_of(entry) for entry in found.entries], 50)
    asyncio.run(fetches())


if __name__ == "__main__":
    main()
