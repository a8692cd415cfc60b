"""A day of sixty feeds in a minute, with ten SIGKILLs of the poller: every text arrives once, and manners are kept."""

import asyncio
import random
import re
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import pairwise
from operator import attrgetter
from pathlib import Path

import pytest

from schemas import SourceConfig
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.feeds.edit import put
from streams.feeds.journal import read_states
from streams.local.broker import Broker
from streams.settings import Settings
from streams.topics import RAW
from tests.integration.feed_pace import FastPace
from tests.integration.feed_script import HOSTS, HOUR, Feed, day
from tests.integration.feed_server import HOSTILE, RETRY_AFTER_S, Ask, Web, serve_day
from tests.integration.harness import until

ROOT = Path(__file__).resolve().parents[2]
MARK = re.compile(rb"mark[0-9x]+end")

SPEED = 3600.0
FLOOR_S, CAP_S, SPACING_S = HOUR, 3 * HOUR, 300.0
KILLS = 10
SLOW_S = 1000.0
DAY_S = 40 * HOUR
"""More than a day: a permanent redirect is believed after a day, and kills keep the first polls from ending."""
LATE_S = 0.25
"""Real seconds that a request may take from its turn to the server's log, on a machine that is busy."""

FEEDS = day()
EXPECTED = Counter(mark for feed in FEEDS for mark in feed.marks())


class Poller:
    """The poller's process, started again after each kill."""

    def __init__(self, endpoint: Endpoint, settings: Settings, pace: FastPace, log: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "tests.integration.feed_victim",
            str(endpoint),
            str(pace.path),
            str(pace.speed),
        ]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command, env=settings.environment(), cwd=ROOT, stdout=output, stderr=output, start_new_session=True
            )

    def kill(self) -> int:
        """SIGKILL; the exit code shows whether that was its end."""
        self.process.send_signal(signal.SIGKILL)
        return self.process.wait()

    async def stop(self) -> int:
        """SIGTERM, and its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 30)


def settings_of(lane: str, folder: Path, port: int) -> Settings:
    return Settings(
        lane=lane,
        state_dir=folder / "state",
        partitions=2,
        fetch_allow=f"127.0.0.0/8:{port}",
        fetch_spacing_s=SPACING_S,
        feed_floor_s=FLOOR_S,
        feed_cap_s=CAP_S,
        shutdown_s=4,
    )


async def marks_in_raw(endpoint: Endpoint, settings: Settings) -> Counter[str]:
    """How often each text is in the raw topic."""
    found: Counter[str] = Counter()
    async for record in read_topic(endpoint, settings.topic(RAW.name)):
        found.update(mark.decode() for mark in set(MARK.findall(record.value or b"")))
    return found


async def kill_again_and_again(web: Web, start: Callable[[], Poller]) -> Poller:
    """Ten kills, half of them right after a feed with something new was served: in the middle of a push.

    The poller that lives on.
    """
    rng = random.Random(7)
    for number in range(KILLS):
        poller, asked = start(), len(web.log)
        await until(
            partial(lambda least: len(web.log) > least, asked + 3),
            "requests of a poller that was killed",
            within_s=SLOW_S,
        )
        if number % 2:
            web.news.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(web.news.wait(), 2)
            await asyncio.sleep(rng.uniform(0, 0.05))
        else:
            await asyncio.sleep(rng.uniform(0.1, 0.8))
        assert poller.kill() == -signal.SIGKILL
    return start()


def by_path(log: Sequence[Ask], kind: str) -> dict[str, list[Ask]]:
    found = defaultdict(list)
    for ask in log:
        if ask.kind == kind:
            found[ask.path].append(ask)
    return found


def check_manners(log: Sequence[Ask]) -> None:
    """Floors, spacing and Retry-After, by what the servers saw."""
    late_s = LATE_S * SPEED
    log = sorted(log, key=attrgetter("at"))  # a slow server notes a request once it has answered
    for path, asks in by_path(log, "feed").items():
        if not path.startswith("/hostile/loop"):
            assert all(later.at - one.at >= FLOOR_S for one, later in pairwise(asks)), path
    for host in range(HOSTS):
        at = [ask.at for ask in log if ask.host == host]
        for first in range(len(at)):
            for last in range(first + 1, len(at)):
                assert at[last] - at[first] >= (last - first) * SPACING_S - late_s, (host, at[first : last + 1])
        for refused in [ask for ask in log if ask.host == host and ask.status in (429, 503)]:
            too_soon = [ask for ask in log if ask.host == host and late_s < ask.at - refused.at < RETRY_AFTER_S - 1]
            assert too_soon == []


def feed_named(kind: str) -> Feed:
    return next(feed for feed in FEEDS if feed.trouble is not None and feed.trouble.kind == kind)


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Web]:
    async with serve_day(FEEDS, FastPace(tmp_path / "time", SPEED)) as served:
        yield served


@pytest.mark.slow
@pytest.mark.timeout(1600)
async def test_a_day_of_sixty_feeds_and_ten_kills(broker: Broker, lane: str, tmp_path: Path, web: Web) -> None:
    settings = settings_of(lane, tmp_path, web.port)
    configs = [SourceConfig(source_id=feed.id, url=web.url(feed)) for feed in FEEDS]
    hostile = {f"hostile-{how}": f"{web.base(HOSTS - 1)}/hostile/{how}" for how in HOSTILE}
    configs += [SourceConfig(source_id=name, url=url) for name, url in hostile.items()]
    await put(broker.endpoint, settings, configs)
    poller = await kill_again_and_again(web, partial(Poller, broker.endpoint, settings, web.pace, tmp_path / "log"))
    try:
        await until(lambda: web.pace.passed() > DAY_S, "the end of the day", within_s=SLOW_S)
        assert await poller.stop() == 0
    finally:
        poller.process.kill()
    found = await marks_in_raw(broker.endpoint, settings)
    assert (EXPECTED - found, found - EXPECTED) == (Counter(), Counter())
    check_manners(web.log)
    states = await read_states(broker.endpoint, settings)
    harmless = {"hostile-laughs": "unchanged"}  # entities are not expanded: a feed without entries
    assert {name: states[name].outcome for name in hostile} == dict.fromkeys(hostile, "failed") | harmless
    gone, moved = feed_named("gone"), feed_named("moved")
    assert states[gone.id].outcome == "gone"
    assert [ask.status for ask in web.log if ask.path == f"/feed/{gone.number}"].count(410) == 1
    assert states[moved.id].url == f"{web.base(moved.host)}/moved/{moved.number}"
    assert all(state.pushing is None for state in states.values())
    assert sum(ask.status == 304 for ask in web.log) > len(FEEDS)
