"""Feeds parsed in a process of their own, which can be killed."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from streams.feeds.parse import ParsedFeed, ParseFailed, parse_feed
from streams.feeds.parsing import Parser, ParserError

URL = "https://x.example/feed"
FEED = (
    b"<rss><channel><title>T</title><item><title>Bridge</title><link>https://x.example/1</link></item></channel></rss>"
)
# Not well-formed, so that the tolerant parser reads it, which takes it minutes.
ENDLESS = b"<rss><channel>" + b"<item><title>a & b</title></item>" * 400_000


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    async with Parser(deadline_s=3, memory_mb=600) as started:
        yield started


def pid(parser: Parser) -> int:
    process = parser._lanes[0].process
    assert process is not None
    assert process.pid is not None
    return process.pid


async def test_an_answer_is_what_the_function_says(parser: Parser) -> None:
    for body in (FEED, b"<html/>", b"{", b""):
        assert await parser.parse(body, "text/xml", None, URL) == parse_feed(body, "text/xml", None, URL)


async def test_a_feed_that_takes_too_long_is_killed_and_the_next_one_read(parser: Parser) -> None:
    await parser.parse(FEED, "", None, URL)
    first, begun = pid(parser), time.monotonic()
    assert await parser.parse(ENDLESS, "", None, URL) == ParseFailed("deadline", "killed after 3 s")
    assert time.monotonic() - begun < 15
    assert isinstance(await parser.parse(FEED, "", None, URL), ParsedFeed)
    assert pid(parser) != first
    with pytest.raises(ProcessLookupError):
        os.kill(first, 0)


async def test_a_feed_that_needs_too_much_memory_is_refused_and_the_next_one_read() -> None:
    huge = b"<rss><channel><item><title>" + b"x" * (160 << 20) + b"</title></item></channel></rss>"
    async with Parser(deadline_s=120, memory_mb=400) as parser:
        assert await parser.parse(huge, "", None, URL) == ParseFailed("memory", "its process died")
        assert isinstance(await parser.parse(FEED, "", None, URL), ParsedFeed)


ORPHAN = """
import asyncio
from streams.feeds.parsing import Parser

async def main():
    async with Parser(deadline_s=1) as parser:
        await parser.parse(b"", "", None, "")
        print(parser._lanes[0].process.pid, flush=True)
        parser._lanes[0].deadline_s = 600
        await parser.parse(b"<rss><channel>" + b"<item><title>a & b</title></item>" * 400_000, "", None, "")

if __name__ == "__main__":
    asyncio.run(main())
"""


def test_a_process_at_work_does_not_outlive_a_poller_that_was_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphan.py"
    script.write_text(ORPHAN)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as poller:
        assert poller.stdout is not None
        parser = int(poller.stdout.readline())
        time.sleep(0.5)
        poller.kill()
    deadline = time.monotonic() + 20
    with suppress(psutil.NoSuchProcess):
        while psutil.Process(parser).status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline
            time.sleep(0.1)


async def test_a_process_killed_while_idle_costs_the_next_feed_nothing(parser: Parser) -> None:
    await parser.parse(FEED, "", None, URL)
    os.kill(pid(parser), signal.SIGKILL)
    assert isinstance(await parser.parse(FEED, "", None, URL), ParsedFeed)


async def test_whoever_stops_waiting_does_not_spoil_the_next_answer(parser: Parser) -> None:
    await parser.parse(FEED, "", None, URL)
    os.kill(pid(parser), signal.SIGSTOP)  # no answer comes before the one who asked is gone
    given_up = asyncio.create_task(parser.parse(FEED * 2000, "", None, URL))
    await asyncio.sleep(0.01)
    given_up.cancel()
    with pytest.raises(asyncio.CancelledError):
        await given_up
    os.kill(pid(parser), signal.SIGCONT)
    answer = await parser.parse(FEED, "", None, URL)
    assert isinstance(answer, ParsedFeed)
    assert [entry.title for entry in answer.entries] == ["Bridge"]


async def test_leaving_does_not_wait_for_a_feed_at_work() -> None:
    async with Parser(deadline_s=60) as parser:
        await parser.parse(FEED, "", None, URL)
        running = asyncio.create_task(parser.parse(ENDLESS, "", None, URL))
        await asyncio.sleep(0.2)
        begun = time.monotonic()
    assert time.monotonic() - begun < 10
    with pytest.raises(ParserError, match="closed"):
        await running


async def test_several_feeds_at_a_time_keep_apart() -> None:
    async with Parser(processes=2) as parser:
        bodies = [FEED.replace(b"Bridge", b"Bridge %d" % n) for n in range(20)]
        answers = await asyncio.gather(*(parser.parse(body, "", None, URL) for body in bodies))
    titles = [answer.entries[0].title for answer in answers if isinstance(answer, ParsedFeed)]
    assert titles == [f"Bridge {n}" for n in range(20)]
