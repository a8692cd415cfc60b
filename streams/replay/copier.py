"""The copying itself: ranges of a topic to the same topic of a lane, each record once, whenever the copier is killed.

A chunk is sent, its acknowledgements awaited, then the positions move; once a second they
are written down. What was sent and not written down stands in the lane with its place in a
header: the next attempt finds it there (`streams.replay.landed`).
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas import ReplayJob
from streams.clock import now
from streams.codec import MAX_RECORD_BYTES, Record
from streams.edge.ranges import RangeReader, open_ranges
from streams.edge.reader import partition_for
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.replay.job import moved
from streams.replay.journal import Watch, note, watching
from streams.replay.landed import Landed, landed, stamped
from streams.replay.merge import Merge, Places
from streams.replay.selection import Wanted
from streams.settings import Settings
from streams.state.protocols import Origin
from streams.topics import RAW

__all__ = ["Copy", "copied", "job_producer", "lane_partition"]

_CHUNK_RECORDS = 500
_CHUNK_BYTES = 4 * 1024 * 1024
_ROOM_BYTES = 512 * 1024
_ACK_S = 60.0
_NOTE_S = 1.0
_GLANCE_S = 0.25


@dataclass(frozen=True, slots=True)
class Copy:
    """What a copier needs to know beside its job; `rate` is records a second, None for as fast as it goes."""

    source: Settings
    lane: Settings
    wanted: Wanted
    places: Places | None = None
    rate: float | None = None
    on_progress: Callable[[ReplayJob], None] = lambda _: None


def lane_partition(record: Record, source_partitions: int, partitions: int) -> int:
    """Partition of the copy: the same where both have as many, else by key; without a key by where it was."""
    if partitions == source_partitions or record.key is None:
        return record.partition % partitions
    return partition_for(record.key, partitions)


@asynccontextmanager
async def job_producer(endpoint: Endpoint) -> AsyncIterator[Any]:
    """An idempotent producer of records as large as a topic takes; BrokerError for what goes wrong with it."""
    producer = AIOKafkaProducer(
        **endpoint.client(),
        client_id="newsloom-replay",
        enable_idempotence=True,
        acks="all",
        compression_type="lz4",
        linger_ms=5,
        max_batch_size=256 * 1024,
        max_request_size=MAX_RECORD_BYTES + _ROOM_BYTES,
        request_timeout_ms=20_000,
    )
    try:
        await producer.start()
        yield producer
    except (KafkaError, TimeoutError) as error:
        raise endpoint.failure(error) from error
    finally:
        await producer.stop()


async def copied(endpoint: Endpoint, job: ReplayJob, copy: Copy) -> ReplayJob:
    """Copy until all is done or somebody cancels the job; the job as it stands then.

    `job` is its next attempt, not yet written down. BrokerError when the broker does not
    take the records: the job has failed, and can be resumed.
    """
    async with job_producer(endpoint) as producer, watching(endpoint, copy.source, job) as watch:
        # First the word that a new attempt has begun, which ends an earlier one that still lives; then a look at
        # what that one has left behind.
        await note(producer, copy.source, job)
        found = Landed(tails=dict(enumerate(job.tails)))
        if job.attempt > 1:
            found = await landed(endpoint, copy.lane.topic(job.topic), job)
        work = _Work(endpoint, job, copy, producer, watch, found)
        try:
            spans = {each.partition: (each.position, each.end) for each in job.ranges}
            async with open_ranges(endpoint, copy.source.topic(job.topic), spans) as reader:
                return await work.to_the_end(reader)
        except (KafkaError, BrokerError, TimeoutError) as error:
            with suppress(KafkaError, TimeoutError):
                await work.note("failed", detail=f"{type(error).__name__}: {error}"[:1000])
            raise


@dataclass(slots=True)
class _Chunk:
    """Records to copy, those that are there already, and how far each partition has been looked at with them."""

    records: list[Record] = field(default_factory=list)
    there: list[Record] = field(default_factory=list)
    bytes: int = 0
    looked: int = 0
    skipped: int = 0
    positions: dict[int, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Work:
    """One attempt: the job as it stands, and what it takes to move it."""

    endpoint: Endpoint
    job: ReplayJob
    copy: Copy
    producer: Any
    watch: Watch
    found: Landed
    noted_at: float = field(default_factory=time.monotonic)
    due: float = 0.0

    async def to_the_end(self, reader: RangeReader) -> ReplayJob:
        """Copy all that is left, in one order; the job as it stands then."""
        merge = Merge(reader.open, self.copy.places)
        more = True
        while more:
            if (verdict := await self.watch.ask()) is not None:
                return await self._given_up(verdict)
            chunk, more = await self._gathered(reader, merge)
            await self._take(chunk)
        # Offsets that hold no record, compacted away, are looked at as well.
        await self.note("done", {each.partition: each.end for each in self.job.ranges})
        return self.job

    async def _gathered(self, reader: RangeReader, merge: Merge) -> tuple[_Chunk, bool]:
        """The next records, as many as go at a time; and whether there are more."""
        chunk, most = _Chunk(), self._most()
        while len(chunk.records) < most and chunk.bytes < _CHUNK_BYTES and chunk.looked < 2 * _CHUNK_RECORDS:
            while starving := merge.starving:
                came = await reader.more(starving)
                for partition, records in came.items():
                    merge.feed(partition, records)
                for partition in set(starving) - reader.open:
                    merge.finish(partition)
            record = merge.pop()
            if record is None:
                return chunk, False
            self._look_at(record, chunk)
        return chunk, True

    def _most(self) -> int:
        """Few at a time when it goes slowly, so that the pace is even."""
        rate = self.copy.rate
        return _CHUNK_RECORDS if rate is None else max(1, min(_CHUNK_RECORDS, int(rate * _GLANCE_S)))

    def _look_at(self, record: Record, chunk: _Chunk) -> None:
        chunk.looked += 1
        chunk.positions[record.partition] = record.offset + 1
        if not self.copy.wanted.accepts(record):
            chunk.skipped += 1
        elif Origin(record.partition, record.offset) in self.found.places:
            chunk.there.append(record)
        else:
            chunk.records.append(record)
            chunk.bytes += len(record.value or b"")

    async def _take(self, chunk: _Chunk) -> None:
        """Send a chunk, and move on once the broker has it; write that down once a second."""
        topic, source = self.copy.lane.topic(self.job.topic), len(self.job.ranges)
        if self.copy.rate:  # time lost is not made up for: that would be faster than the rate for a while
            self.due = max(self.due, time.monotonic()) + len(chunk.records) / self.copy.rate
        acks = [
            await self.producer.send(
                topic,
                record.value,
                key=record.key,
                headers=list(stamped(record, self.job.job_id, raw=self.job.topic == RAW.name)),
                partition=lane_partition(record, source, self.copy.lane.partitions),
            )
            for record in chunk.records
        ]
        tails = await self._tails_after(await asyncio.wait_for(asyncio.gather(*acks), _ACK_S))
        # From here on without a pause: what is noted of the lane and of the positions must be of one moment.
        self.found.tails |= tails
        done = [*chunk.records, *chunk.there]
        self.job = moved(
            self.job,
            chunk.positions,
            now(),
            copied=self.job.copied + len(done),
            bytes=self.job.bytes + sum(len(record.value or b"") for record in done),
            skipped=self.job.skipped + chunk.skipped,
        )
        self.copy.on_progress(self.job)
        await self._keep_pace()

    async def _tails_after(self, acks: Sequence[Any]) -> dict[int, int]:
        """Where the lane's topic ends behind what was sent; records before it may be late ones of a killed attempt."""
        tails: dict[int, int] = {}
        gaps: dict[int, tuple[int, int]] = {}
        for ack in acks:
            tail = tails.get(ack.partition, self.found.tails[ack.partition])
            if ack.offset > tail:
                gaps[ack.partition] = (gaps.get(ack.partition, (tail, 0))[0], ack.offset)
            tails[ack.partition] = max(tail, ack.offset + 1)
        if gaps and self.job.attempt > 1:
            async with open_ranges(self.endpoint, self.copy.lane.topic(self.job.topic), gaps) as reader:
                async for record in reader.each():
                    self.found.see(record, self.job.job_id)
        return tails

    async def _keep_pace(self) -> None:
        """Wait until the next chunk is due, with an eye on the clock and on whoever cancels."""
        while True:
            if time.monotonic() - self.noted_at > _NOTE_S:
                await self.note("running")
            ahead = self.due - time.monotonic()
            if ahead <= 0 or self.watch.verdict is not None:
                return
            await asyncio.sleep(min(ahead, _GLANCE_S))

    async def note(self, state: str, positions: Mapping[int, int] | None = None, detail: str = "") -> None:
        """Write the job down as it stands."""
        job = moved(self.job, positions or {}, now(), state=state, detail=detail)
        self.job = job.model_copy(update={"tails": self.found.tails_behind(job)})
        await note(self.producer, self.copy.source, self.job)
        self.noted_at = time.monotonic()

    async def _given_up(self, verdict: str) -> ReplayJob:
        if verdict == "superseded":
            raise UsageError(f"{self.job.job_id} has been resumed elsewhere; this attempt ends here")
        await self.note("cancelled")
        return self.job
