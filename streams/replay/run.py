"""A replay from beginning to end: the copying, the lane's workers beside it, what came out."""

import fcntl
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from schemas import ReplayJob
from streams.clock import now
from streams.edge.admin import create_topics
from streams.edge.ranges import marks
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.replay.copier import Copy, copied, job_producer
from streams.replay.job import begun, moved, standing
from streams.replay.journal import find_job, note, read_jobs
from streams.replay.lanes import LIVE
from streams.replay.plan import Order, plan_of, ready_lane
from streams.replay.process import Listener, drained, records_out, workers_of
from streams.replay.resolve import places_of, wanted_of
from streams.settings import Settings
from streams.topology import TOPOLOGY

__all__ = ["Manner", "Outcome", "cancel", "replay", "resume"]


@dataclass(frozen=True, slots=True)
class Manner:
    """How a job is run: records a second at most (None: no limit), and whether the lane's workers run as well."""

    rate: float | None = None
    process: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a replay; `came_out` counts new records of the lane by topic, None when nobody waited for them."""

    job: ReplayJob
    seconds: float
    came_out: dict[str, int] | None = None

    def as_json(self) -> dict[str, Any]:
        """As plain data."""
        job = self.job.model_dump(mode="json", exclude_none=True)
        return {"job": job, "seconds": round(self.seconds, 3), "came_out": self.came_out}


async def replay(
    endpoint: Endpoint, settings: Settings, order: Order, manner: Manner, listener: Listener | None = None
) -> Outcome:
    """Copy what `order` asks for, and process it. The same order again is the same job: it goes on where it was."""
    plan = await plan_of(endpoint, settings, order)
    lane = await ready_lane(endpoint, settings, order)
    await create_topics(endpoint, settings.model_copy(update={"partitions": len(plan.ranges)}))
    job = (await read_jobs(endpoint, settings)).get(plan.job_id)
    if job is None:
        tails = [high for _, high in await marks(endpoint, lane.topic(plan.topic))]
        job = begun(plan, tails, host=platform.node(), now=now())
    else:
        job = _again(job)
    return await _run(endpoint, _Sides(settings, lane), job, manner, listener or Listener())


async def resume(
    endpoint: Endpoint, settings: Settings, wanted: str, manner: Manner, listener: Listener | None = None
) -> Outcome:
    """Go on with a job that has not come to its end; InputError when there is none that goes by `wanted`."""
    job = await find_job(endpoint, settings, wanted)
    lane = settings.model_copy(update={"lane": job.into, "broker": endpoint.bootstrap, "partitions": len(job.tails)})
    await create_topics(endpoint, lane)
    return await _run(endpoint, _Sides(settings, lane), _again(job), manner, listener or Listener())


async def cancel(endpoint: Endpoint, settings: Settings, wanted: str) -> ReplayJob:
    """Cancel a job that is not done: whoever runs it stops within a second or two. The job as it was noted last."""
    job = await find_job(endpoint, settings, wanted)
    if job.state == "done":
        raise UsageError(f"{job.job_id} is done; `newsloom lane delete {job.into}` takes away what it made")
    job = moved(job, {}, now(), state="cancelled")
    async with job_producer(endpoint) as producer:
        await note(producer, settings, job)
    return job


def _again(job: ReplayJob) -> ReplayJob:
    """The next attempt; a job that is done is left as it is. UsageError while it runs on another machine."""
    if job.state == "done":
        return job
    if standing(job, now()) == "running" and job.host != platform.node():
        raise UsageError(f"{job.job_id} is running on {job.host}; `newsloom replay cancel` ends it")
    return moved(job, {}, now(), state="running", attempt=job.attempt + 1, host=platform.node(), detail="")


@dataclass(frozen=True, slots=True)
class _Sides:
    """The lane that is read and the lane that is written."""

    source: Settings
    lane: Settings


async def _run(endpoint: Endpoint, sides: _Sides, job: ReplayJob, manner: Manner, hear: Listener) -> Outcome:
    began = time.monotonic()
    lane = sides.lane
    process = manner.process and bool(lane.lane)
    await _check_still_there(endpoint, lane, job)
    before = await records_out(endpoint, lane)
    with _only_here(lane):
        async with workers_of(lane, hear) if process else nullcontext() as live:
            if job.state != "done":
                job = await _copy(endpoint, sides, job, manner, hear)
            if not process or job.state != "done":
                return Outcome(job, time.monotonic() - began)
            await drained(endpoint, lane, live, hear)
    after = await records_out(endpoint, lane)
    came_out = {name: count - before.get(name, 0) for name, count in after.items() if name != job.topic}
    return Outcome(job, time.monotonic() - began, came_out)


async def _check_still_there(endpoint: Endpoint, lane: Settings, job: ReplayJob) -> None:
    """UsageError when the lane has been deleted, and made anew, since the job copied into it."""
    ends = [high for _, high in await marks(endpoint, lane.topic(job.topic))]
    if any(high < tail for high, tail in zip(ends, job.tails, strict=True)):
        raise UsageError(
            f"the copies of {job.job_id} are gone: lane {job.into} was deleted since; "
            f"`newsloom lane delete {job.into}` forgets the job as well, then begin anew"
        )


async def _copy(endpoint: Endpoint, sides: _Sides, job: ReplayJob, manner: Manner, hear: Listener) -> ReplayJob:
    topic = next(stage.reads for stage in TOPOLOGY if stage.reads.name == job.topic)
    merged = sides.lane.partitions != len(job.ranges)
    copy = Copy(
        source=sides.source,
        lane=sides.lane,
        wanted=await wanted_of(endpoint, sides.source, topic, job.selection),
        places=await places_of(endpoint, sides.source, topic, job.ranges) if merged else None,
        rate=manner.rate,
        on_progress=hear.on_copy,
    )
    return await copied(endpoint, job, copy)


@contextmanager
def _only_here(lane: Settings) -> Iterator[None]:
    """Hold the way into a lane on this machine; UsageError when another replay does."""
    lane.state_dir.mkdir(parents=True, exist_ok=True)
    with (lane.state_dir / f"{lane.topic('replay')}.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UsageError(
                f"a replay into lane {lane.lane or LIVE} is running here; `newsloom replay list` shows it"
            ) from error
        yield
