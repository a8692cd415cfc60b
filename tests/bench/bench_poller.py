"""Feeds polled a second and core by the whole poller: python -m tests.bench.bench_poller [--feeds N].

A real broker, a web server in a process of its own, and the poller with its parsers in another; what counts is the
processor time of the poller and its parsers, so that what else runs on the machine counts little. A feed has
40 entries of 2,000 characters (80 KiB, gzip). Rounds: everything is new; unchanged (304); two entries are new.
"""

import argparse
import asyncio
import gzip
import multiprocessing
import tempfile
import time
from pathlib import Path

import psutil
from aiohttp import web

from schemas import SourceConfig
from streams.feeds.edit import put
from streams.feeds.poller import Poller
from streams.feeds.run import open_poller
from streams.local.broker import open_broker
from streams.settings import Settings

HOSTS = 32
ENTRIES = 40
_BODY = "<p>Words of an item, <b>some</b> bold &amp; some not, that go on.</p>\n" * 28


def rendered(feed: int, edition: int) -> bytes:
    """A feed: each edition has two entries that the one before it had not."""
    items = "".join(
        f"<item><title>Number {n} of {feed}</title><link>https://x.example/{feed}/{n}</link><guid>{feed}-{n}</guid>"
        f"<content:encoded><![CDATA[<p>{feed} {n}</p>{_BODY}]]></content:encoded></item>"
        for n in range(2 * edition, 2 * edition + ENTRIES)
    )
    spaces = 'version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
    return gzip.compress(f"<rss {spaces}><channel><title>{feed}</title>{items}</channel></rss>".encode(), 1)


async def _serve(ready: "multiprocessing.queues.Queue[int]") -> None:
    edition = 0

    async def feed(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == f'"{edition}"':
            return web.Response(status=304)
        headers = {"ETag": f'"{edition}"', "Content-Encoding": "gzip", "Content-Type": "application/rss+xml"}
        return web.Response(body=rendered(int(request.match_info["n"]), edition), headers=headers)

    async def new_edition(_: web.Request) -> web.Response:
        nonlocal edition
        edition += 1
        return web.Response()

    app = web.Application()
    app.router.add_get("/feed/{n}", feed)
    app.router.add_post("/edition", new_edition)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    for host in range(2, HOSTS + 1):
        await web.TCPSite(runner, f"127.0.0.{host}", port).start()
    ready.put(port)
    await asyncio.Event().wait()


def serve(ready: "multiprocessing.queues.Queue[int]") -> None:
    """The web server's process."""
    asyncio.run(_serve(ready))


def processor_s(server: int) -> float:
    """Processor seconds of this process and all it has started but the web server and the broker."""
    ours = [psutil.Process(), *psutil.Process().children(recursive=True)]
    counted = [each for each in ours if each.pid != server and each.name() != "java"]
    times = [each.cpu_times() for each in counted]
    return sum(each.user + each.system for each in times)


async def measured(name: str, poller: Poller, server: int) -> None:
    """One round over all feeds."""
    processor, wall = processor_s(server), time.monotonic()
    states = await poller.once()
    processor, wall = processor_s(server) - processor, time.monotonic() - wall
    outcomes = {str(state.outcome) for state in states.values()}
    pushed = sum(state.pushed for state in states.values())
    print(
        f"{name:28} {len(states) / processor:8,.0f} feeds/s and core {1000 * processor / len(states):8.1f} ms each"
        f"   {wall:6.1f} s in all; {pushed:,} entries pushed so far; {', '.join(sorted(outcomes))}"
    )


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=100)
    count = parser.parse_args().feeds
    context = multiprocessing.get_context("spawn")
    ready = context.Queue()
    server = context.Process(target=serve, args=(ready,), daemon=True)
    server.start()
    port = await asyncio.to_thread(ready.get)
    settings = Settings(
        broker="embedded",
        state_dir=Path(tempfile.mkdtemp(prefix="newsloom-bench-")),
        fetch_allow=f"127.0.0.0/8:{port}",
        fetch_spacing_s=0,
    )
    urls = {n: f"http://127.0.0.{1 + n % HOSTS}:{port}/feed/{n}" for n in range(count)}
    async with open_broker(settings, ephemeral=True, say=print) as broker:
        await put(broker.endpoint, settings, [SourceConfig(source_id=f"f{n}", url=url) for n, url in urls.items()])
        async with open_poller(broker.endpoint, settings) as poller:
            await measured("everything is new", poller, server.pid or 0)
            await measured("unchanged (304)", poller, server.pid or 0)
            await _new_edition(port)
            await measured("two of 40 entries are new", poller, server.pid or 0)
    server.terminate()


async def _new_edition(port: int) -> None:
    from aiohttp import ClientSession  # noqa: PLC0415 - for this alone

    async with ClientSession() as session, session.post(f"http://127.0.0.1:{port}/edition"):
        pass


if __name__ == "__main__":
    asyncio.run(main())
