"""What a row happens to: a broker of its own, its topics, a crew, a load, and somebody who watches the lag."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from math import inf
from pathlib import Path
from typing import IO

from aiokafka import AIOKafkaProducer

from schemas import RawDocument
from streams.chaos.crew import Crew
from streams.chaos.disk import Disk
from streams.chaos.documents import generate
from streams.chaos.proxy import Proxy
from streams.chaos.pulse import Place, Pulse
from streams.codec import raw_message
from streams.edge.admin import LagWatch, StageLag
from streams.endpoint import Endpoint
from streams.errors import BrokerError, NewsloomError
from streams.ingest.push import push
from streams.local.kafka import EmbeddedKafka
from streams.settings import Settings

__all__ = ["ChaosError", "Parts", "Place", "Scene"]

_POLL_S = 0.25
_PUSH_AGAIN_S = 120.0
_PATIENCE_S = 120.0
_CALM_LOOKS = 6
_LOOK_S = 10.0


class ChaosError(NewsloomError):
    """A row did not go as it must: a worker did not come back in time, a fault was not reached."""


@dataclass(slots=True)
class Parts:
    """The load of a row, so many documents of a seed, and what only some rows have."""

    ids: int
    seed: int
    proxy: Proxy | None = None
    disks: dict[str, Disk] = field(default_factory=dict)


class Scene:
    """One row's live system.

    `acked` holds the ids of the documents that the broker has confirmed; `doubtful` those of which a
    producer that was killed had no word: they may have arrived or not.
    """

    def __init__(self, kafka: EmbeddedKafka, settings: Settings, log: IO[bytes], parts: Parts) -> None:
        self.kafka = kafka
        self.settings = settings
        self.ids = parts.ids
        self.seed = parts.seed
        self.proxy = proxy = parts.proxy
        self.disks = parts.disks
        self.log = Path(log.name)
        self.crew = Crew(proxy.bootstrap if proxy else kafka.bootstrap, settings, (), log, silence_s=inf)
        self.acked: set[str] = set()
        self.doubtful: set[str] = set()
        self.sent = 0
        self.recoveries: list[float] = []
        self.notes: list[str] = []
        self.lags = LagWatch(self.endpoint, settings)
        self._looking = asyncio.Lock()
        self._load = generate(self.ids, seed=self.seed)

    @property
    def endpoint(self) -> Endpoint:
        """How the watcher and the producer reach the broker: past any proxy."""
        return self.kafka.endpoint

    @property
    def left(self) -> int:
        """Documents of the load that have not been sent."""
        return self.ids - self.sent

    def start(self, workers: int | None = None) -> None:
        """Start the workers."""
        for slot in range(self.settings.workers if workers is None else workers):
            self.crew.hire(slot)

    async def feed(self, count: int | None = None) -> None:
        """Send the next documents of the load, all that are left by default, until each is confirmed."""
        await self.send(self._take(self.left if count is None else count))

    def _take(self, count: int) -> list[RawDocument]:
        documents = list(islice(self._load, min(count, self.left)))
        self.sent += len(documents)
        return documents

    async def send(self, documents: list[RawDocument]) -> None:
        """Send documents until each is confirmed; one whose confirmation got lost is sent again."""
        give_up = time.monotonic() + _PUSH_AGAIN_S
        while documents:
            try:
                await push(self.endpoint, self.settings, documents, on_ack=self._confirm)
            except (BrokerError, OSError):
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(_POLL_S)
            documents = [each for each in documents if each.document_id not in self.acked]

    def _confirm(self, document: RawDocument) -> None:
        self.acked.add(document.document_id)

    async def feed_and_kill(self, count: int) -> None:
        """Have a producer process send the next documents, and kill it in the middle."""
        first, documents = self.sent, self._take(count)
        heard: set[str] = set()
        options = ["--seed", str(self.seed), "--first", str(first), "--count", str(len(documents))]
        producer = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "streams.chaos.producer", *options),
            stdout=asyncio.subprocess.PIPE,
            env=self.settings.environment(broker=self.kafka.bootstrap),
        )
        assert producer.stdout is not None  # noqa: S101 - piped
        async for line in producer.stdout:
            heard.add(line.decode().strip())
            if producer.returncode is None and len(heard) >= len(documents) // 2:
                producer.kill()
        if await producer.wait() >= 0:
            raise ChaosError("the producer ended before it was killed")
        self.acked |= heard
        self.doubtful |= {document.document_id for document in documents} - heard
        self.note(f"a producer was killed after {len(heard)} of {len(documents)} acknowledgements")

    async def feed_stamped(self, count: int, timestamp_ms: int) -> None:
        """As `feed`, by a producer whose clock says `timestamp_ms`."""
        async with AIOKafkaProducer(**self.endpoint.client(), acks="all") as producer:
            documents, acks = self._take(count), []
            for message in map(raw_message, documents):
                topic, headers = self.settings.topic(message.topic), list(message.headers)
                stamp = {"headers": headers, "timestamp_ms": timestamp_ms}
                acks.append(await producer.send(topic, message.value, key=message.key, **stamp))
            await asyncio.gather(*acks)
        for document in documents:
            self._confirm(document)

    async def trickle(self, seconds: float, slices: int = 10) -> None:
        """Feed what is left in equal slices over some time."""
        size = max(1, -(-self.left // slices))
        while self.left:
            await self.feed(size)
            await asyncio.sleep(seconds / slices)

    async def look(self) -> list[StageLag] | None:
        """How far each stage is; None while the broker does not tell."""
        with suppress(BrokerError, OSError, TimeoutError):
            return await asyncio.wait_for(self._look(), _LOOK_S)
        return None

    async def _look(self) -> list[StageLag]:
        async with self._looking:
            return await self.lags.look()

    async def waiting(self, stages: Iterable[str] = ()) -> dict[Place, int]:
        """Places of `stages`, of all by default, with records waiting, and the offset committed there."""
        chosen = set(stages)
        return {
            (lag.stage, number): lag.committed[number]
            for lag in await self.look() or ()
            for number, behind in enumerate(lag.partitions)
            if behind and (not chosen or lag.stage in chosen)
        }

    @asynccontextmanager
    async def pulse(self) -> AsyncIterator[Pulse]:
        """Watch for standstills meanwhile; the longest counts as a recovery, and so has the limit of one."""
        pulse = Pulse()
        watching = asyncio.create_task(self._watch(pulse))
        try:
            yield pulse
        finally:
            watching.cancel()
        self.recoveries.append(pulse.longest)

    async def _watch(self, pulse: Pulse) -> None:
        while True:
            pulse.beat(await self.look() or (), time.monotonic())
            await asyncio.sleep(_POLL_S)

    async def recover(self, places: dict[Place, int], since: float, *, within_s: float = _PATIENCE_S) -> float:
        """Wait for a new commit in each of `places`; the seconds from `since` until the last one, noted."""
        if not places:
            return 0.0  # a recovery of nothing is none: it is not noted
        waiting = dict(places)
        while waiting:
            if time.monotonic() - since > within_s:
                raise ChaosError(f"no commit within {within_s:g} s in {sorted(waiting)}")
            for lag in await self.look() or ():
                for number, at in enumerate(lag.committed):
                    if at > waiting.get((lag.stage, number), at):
                        del waiting[lag.stage, number]
            if waiting:
                await asyncio.sleep(_POLL_S)
        self.recoveries.append(time.monotonic() - since)
        return self.recoveries[-1]

    async def up(self, slot: int) -> None:
        """Wait until the worker in `slot` reports, as it does once a second: then it runs, and knows how to stop."""
        stats = self.settings.state_dir / "workers" / self.settings.topic(f"slot-{slot}") / "stats.json"
        since = time.time()

        def reports() -> bool:
            with suppress(FileNotFoundError):
                return stats.stat().st_mtime > since and f'"pid": {self.crew.processes[slot].pid},' in stats.read_text()
            return False

        await self.until(reports, f"worker {slot} is up")

    async def at_work(self, *stages: str) -> None:
        """Wait until each of `stages`, all by default, has committed something."""

        async def working() -> bool:
            lags = await self.look()
            return lags is not None and all(any(lag.committed) for lag in lags if not stages or lag.stage in stages)

        await self.until(working, "every stage at work")

    async def at_work_on(self, feeding: Awaitable[None]) -> None:
        """Feed, and wait until every stage has committed something."""
        await feeding
        await self.at_work()

    async def drained(self) -> bool:
        """Whether no stage has any lag."""
        lags = await self.look()
        return lags is not None and not any(lag.total for lag in lags)

    async def settle(self, *, within_s: float) -> None:
        """Wait until no stage has any lag, and none gets any in a while: a zombie may wake late."""
        give_up = time.monotonic() + within_s
        calm = 0
        while calm < _CALM_LOOKS:
            calm = calm + 1 if await self.drained() else 0
            if time.monotonic() > give_up:
                raise ChaosError(f"not within {within_s:g} s: lag 0 after the row")
            await asyncio.sleep(_POLL_S)

    async def until(
        self, condition: Callable[[], Awaitable[bool] | bool], what: str, *, within_s: float = _PATIENCE_S
    ) -> None:
        """Wait for a condition; ChaosError when it does not come true."""
        give_up = time.monotonic() + within_s
        while True:
            holds = condition()
            if holds if isinstance(holds, bool) else await holds:
                return
            if time.monotonic() > give_up:
                raise ChaosError(f"not within {within_s:g} s: {what}")
            await asyncio.sleep(_POLL_S)

    def note(self, text: str) -> None:
        """Something a reader of the report should know."""
        self.notes.append(text)
