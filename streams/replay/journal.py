"""Replay jobs in their compacted topic: read, written, and watched by whoever runs one."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from pydantic import ValidationError

from schemas import ReplayJob
from streams.codec import encode
from streams.edge.ranges import marks, open_ranges
from streams.edge.reader import partition_for, read_table, read_topic
from streams.endpoint import Endpoint
from streams.errors import InputError
from streams.observe.views import only_match
from streams.settings import Settings
from streams.topics import REPLAY_JOB

__all__ = ["Watch", "find_job", "forget", "note", "read_jobs", "watching"]

_TRUSTED_S = 2.0


async def read_jobs(endpoint: Endpoint, settings: Settings) -> dict[str, ReplayJob]:
    """Every job of the lane by id; a record that is no job is passed over."""
    table = await read_table(endpoint, settings.topic(REPLAY_JOB.name))
    jobs = {}
    for key, value in table.items():
        with suppress(ValidationError):
            jobs[key.decode("utf-8", "replace")] = ReplayJob.model_validate_json(value)
    return jobs


async def find_job(endpoint: Endpoint, settings: Settings, wanted: str) -> ReplayJob:
    """The job with this id, or a beginning of it; InputError when there is none."""
    jobs = await read_jobs(endpoint, settings)
    if not wanted.startswith("rpl_"):
        raise InputError(f"no job {wanted}: ids begin with rpl_")
    return jobs[only_match(jobs, wanted, "job")]


async def note(producer: Any, settings: Settings, job: ReplayJob) -> None:
    """Write the job as it stands and wait for the broker's acknowledgement."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{job.job_id}:{job.attempt}:{job.updated_at.isoformat()}",
        "ce_type": REPLAY_JOB.name,
        "ce_source": "/tools/replay",
        "ce_subject": job.job_id,
        "ce_time": job.updated_at.isoformat(),
        "ce_dataschema": REPLAY_JOB.dataschema,
        "ce_partitionkey": job.job_id,
        "content-type": "application/json",
    }
    packed = [(name, text.encode()) for name, text in headers.items()]
    topic = settings.topic(REPLAY_JOB.name)
    await producer.send_and_wait(topic, encode(job), key=job.job_id.encode(), headers=packed)


async def forget(producer: Any, settings: Settings, job_id: str) -> None:
    """Take a job out of the table."""
    await producer.send_and_wait(settings.topic(REPLAY_JOB.name), None, key=job_id.encode())


class Watch:
    """What others have written about a job since its `attempt` began: that it is cancelled, or begun anew elsewhere."""

    def __init__(self, endpoint: Endpoint, topic: str, job: ReplayJob, partition: int) -> None:
        self._endpoint, self._topic, self._partition = endpoint, topic, partition
        self._job = job
        self._trusted_at = time.monotonic()
        self._next = 0
        self._follows = True
        self.verdict: str | None = None

    def see(self, value: bytes | None, key: bytes | None) -> None:
        """Take in one record of the topic."""
        if key != self._job.job_id.encode():
            return
        try:
            job = ReplayJob.model_validate_json(value or b"")
        except ValidationError:
            return
        if job.attempt > self._job.attempt:
            self.verdict = "superseded"
        elif job.state == "cancelled" and job.attempt == self._job.attempt:
            self.verdict = self.verdict or "cancelled"

    async def follow(self, start: int) -> None:
        """See everything from `start` on, until cancelled."""
        self._next = start
        records = read_topic(self._endpoint, self._topic, start=start, until_end=False, partitions=(self._partition,))
        try:
            async for record in records:
                self.see(record.value, record.key)
                self._next = record.offset + 1
        finally:
            self._follows = False

    async def ask(self) -> str | None:
        """The verdict. Who has slept must not write on the strength of what it knew before: then the topic is read."""
        if not self._follows or time.monotonic() - self._trusted_at > _TRUSTED_S:
            _, high = (await marks(self._endpoint, self._topic))[self._partition]
            async with open_ranges(self._endpoint, self._topic, {self._partition: (self._next, high)}) as rest:
                async for record in rest.each():
                    self.see(record.value, record.key)
        self._trusted_at = time.monotonic()
        return self.verdict


@asynccontextmanager
async def watching(endpoint: Endpoint, settings: Settings, job: ReplayJob) -> AsyncIterator[Watch]:
    """A watch over `job` for the time of the context; enter it before the attempt is written down."""
    topic = settings.topic(REPLAY_JOB.name)
    found = await marks(endpoint, topic)
    partition = partition_for(job.job_id.encode(), len(found))
    watch = Watch(endpoint, topic, job, partition)
    task = asyncio.create_task(watch.follow(found[partition][1]))
    try:
        yield watch
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
