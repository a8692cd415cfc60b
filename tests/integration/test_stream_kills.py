"""Client, server and worker killed at random, thirty times in all, while articles flow: the client misses nothing."""

import asyncio
import json
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streams.chaos.documents import generate
from streams.edge.admin import create_topics, total_lag
from streams.edge.reader import read_topics
from streams.endpoint import Endpoint
from streams.local.broker import Broker
from streams.sdk import Producer
from streams.sdk.offered import OFFERED
from streams.sdk.structured import structured
from streams.settings import Settings
from tests.integration.brokers import reserved
from tests.integration.harness import until
from tests.integration.listener import TOPICS, line_of, lines_in

pytestmark = [pytest.mark.timeout(480), pytest.mark.slow]

KILLS = {"client": 20, "server": 6, "worker": 4}
PAUSE_S = 0.15
"""Between two articles."""


@dataclass
class Victim:
    """A process that is started again whenever it was killed, and how its progress is seen from outside."""

    arguments: Sequence[str]
    environment: dict[str, str]
    log: Path
    progress: Callable[[], int]
    process: "subprocess.Popen[bytes]" = field(init=False)
    started_at: float = 0.0
    kills: int = 0

    def start(self) -> None:
        self.started_at = time.time()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *self.arguments], env=self.environment, stdout=output, stderr=output
            )

    async def torment(self, draw: random.Random, kills: int) -> None:
        """Kill it so often, each time at some moment after it has got on with its work."""
        for _ in range(kills):
            known = self.progress()
            await until(lambda before=known: self.progress() > before, f"{self.arguments} gets on", within_s=180)  # type: ignore[misc]
            await asyncio.sleep(draw.uniform(0, 0.5))
            self.stop()
            self.kills += 1
            self.start()

    async def supervise(self) -> None:
        """Start it again when it has ended by itself, until cancelled."""
        while True:
            await asyncio.sleep(0.2)
            if self.process.poll() is not None:
                self.start()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Newsroom:
    """A lane with a worker, a server and a client, and articles that flow into it."""

    def __init__(self, broker: Broker, lane: str, folder: Path, port: int) -> None:
        self.settings = Settings(
            broker=broker.bootstrap,
            lane=lane,
            state_dir=folder / "state",
            partitions=2,
            processes=1,
            api_port=port,
            api_rate=0,
        )
        self.file = folder / "got.tsv"
        self._folder = folder
        self.pushed = 0

        self.all = self._victims(f"http://127.0.0.1:{self.settings.api_port}")

    def _victims(self, url: str) -> dict[str, Victim]:
        return {
            "worker": self._victim("worker", ("streams", "worker"), self._handled),
            "server": self._victim("server", ("streams", "serve"), lambda: len(lines_in(self.file))),
            "client": self._victim(
                "client", ("tests.integration.listener", url, str(self.file)), lambda: len(lines_in(self.file))
            ),
        }

    def _victim(self, name: str, arguments: Sequence[str], progress: Callable[[], int]) -> Victim:
        return Victim(arguments, self.settings.environment(), self._folder / f"{name}.log", progress)

    def _handled(self) -> int:
        """Records that the worker has handled in this life, as it reports once a second."""
        report = self.settings.state_dir / "workers" / self.settings.topic("slot-0") / "stats.json"
        try:
            if report.stat().st_mtime < self.all["worker"].started_at:
                return 0
            stages = json.loads(report.read_text())["stages"].values()
        except (OSError, ValueError):  # not there yet, or half written
            return 0
        return sum(sum(stage["outcomes"].values()) for stage in stages)

    async def flow(self) -> None:
        """Push articles until cancelled."""
        async with Producer(self.settings) as producer:
            for document in generate(5000, seed=7):
                await producer.send(document)
                self.pushed += 1
                await asyncio.sleep(PAUSE_S)

    async def drained(self) -> bool:
        return not any((await total_lag(Endpoint(self.settings.broker), self.settings)).values())

    async def log(self) -> dict[tuple[str, str], list[str]]:
        """What the topics hold, as the client keeps it, by topic and partition."""
        whats = {self.settings.topic(topic): OFFERED[name] for name in TOPICS for topic in OFFERED[name].topics}
        records = read_topics(Endpoint(self.settings.broker), whats)
        return by_partition([line_of(structured(whats[record.topic], record)) async for record in records])


def by_partition(lines: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        topic, partition, _ = line.split("\t", 2)
        found[topic, partition].append(line)
    return found


@asynccontextmanager
async def at_work(victims: dict[str, Victim]) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        for victim in victims.values():
            victim.start()
            stack.callback(victim.stop)
        yield


@pytest.fixture
def newsroom(broker: Broker, lane: str, tmp_path: Path) -> Iterator[Newsroom]:
    """Its server has the port to itself while it is killed and started again."""
    with reserved(1) as (port,):
        yield Newsroom(broker, lane, tmp_path, port)


async def test_what_the_client_got_equals_the_topics(newsroom: Newsroom) -> None:
    draw, victims = random.Random(5), newsroom.all
    await create_topics(Endpoint(newsroom.settings.broker), newsroom.settings)
    async with at_work(victims):
        flowing = asyncio.create_task(newsroom.flow())
        # A worker that is not sure ends itself: a supervisor is part of the system.
        supervising = asyncio.create_task(victims["worker"].supervise())
        await asyncio.gather(*(victims[name].torment(draw, kills) for name, kills in KILLS.items()))
        flowing.cancel()
        await asyncio.gather(flowing, return_exceptions=True)
        await until(newsroom.drained, "the worker has caught up", within_s=90)
        wanted = await newsroom.log()
        count = sum(map(len, wanted.values()))
        await until(lambda: len(lines_in(newsroom.file)) >= count, "the client has caught up", within_s=60)
        supervising.cancel()
        assert victims["client"].process.poll() is None, victims["client"].log.read_text()[-2000:]
    assert sum(victim.kills for victim in victims.values()) == 30
    assert by_partition([line for _, line in lines_in(newsroom.file)]) == wanted
    assert {topic for topic, _ in wanted} == {newsroom.settings.topic(t) for n in TOPICS for t in OFFERED[n].topics}
