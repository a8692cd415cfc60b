"""What a job has put into the lane beyond what it has noted: found in the log itself."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from schemas import ReplayJob
from streams.codec import Headers, Record, header
from streams.edge.ranges import marks, open_ranges
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.state.protocols import Origin

__all__ = ["JOB", "PLACE", "Landed", "landed", "stamped"]

JOB = "ce_replay"
"""CloudEvents extension `replay`: the job that brought the record; stages carry it on to what they make."""

PLACE = "ce_replayplace"
"""Extension `replayplace`: partition and offset of the record that this one is a copy of."""

_ORIGIN = "ce_origin"
_STILL_S = 0.5
_LOOKS = 120


def stamped(record: Record, job_id: str, *, raw: bool) -> Headers:
    """Headers of the copy: the original ones, and ours; an earlier replay's are replaced.

    A raw record gets its place as `ce_origin`, unless it has one: to the stages the copy is
    the same push as the original, so that ids are equal and a second copy is a redelivery.
    """
    place = f"{record.partition}-{record.offset}".encode()
    kept = tuple((name, value) for name, value in record.headers if name not in (JOB, PLACE))
    origin = ((_ORIGIN, place),) if raw and header(record.headers, _ORIGIN) is None else ()
    return (*kept, *origin, (JOB, job_id.encode()), (PLACE, place))


@dataclass(slots=True)
class Landed:
    """Places already copied, and where the lane's topic ends, by partition."""

    places: set[Origin] = field(default_factory=set)
    tails: dict[int, int] = field(default_factory=dict)

    def see(self, record: Record, job_id: str) -> None:
        """Take in a record of the lane's topic."""
        if header(record.headers, JOB) == job_id:
            with suppress(ValueError):
                self.places.add(Origin.parse(header(record.headers, PLACE) or ""))

    def tails_behind(self, job: ReplayJob) -> tuple[int, ...]:
        """Ends of the lane's topic that may be noted: all copies before them are of records before the job's positions.

        As long as one is not, the tails stay where they are: the next attempt must find it again.
        """
        at = {each.partition: each.position for each in job.ranges}
        self.places = {place for place in self.places if place.offset >= at[place.partition]}
        return job.tails if self.places else tuple(self.tails[number] for number in sorted(self.tails))


async def landed(endpoint: Endpoint, topic_name: str, job: ReplayJob) -> Landed:
    """What `job` has put into `topic_name` beyond its `tails`.

    Waits until nothing comes any more: what a killed process has sent may still be on its
    way. UsageError when something keeps coming from the job: it runs elsewhere.
    """
    found = Landed(tails=dict(enumerate(job.tails)))
    for look in range(_LOOKS):
        before = len(found.places)
        ends = {number: high for number, (_, high) in enumerate(await marks(endpoint, topic_name))}
        spans = {number: (found.tails.get(number, 0), high) for number, high in ends.items()}
        async with open_ranges(endpoint, topic_name, spans) as rest:
            async for record in rest.each():
                found.see(record, job.job_id)
        found.tails = ends
        if look and len(found.places) == before:
            return found  # others may write here as long as they like
        await asyncio.sleep(_STILL_S)
    raise UsageError(f"records of {job.job_id} keep coming: it runs elsewhere; `newsloom replay cancel` ends it")
