"""The lanes of a broker: what there is, and how one is taken away with all that it has."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.edge.admin import TopicFacts, delete_topics, describe, stage_lags
from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError
from streams.replay.copier import job_producer
from streams.replay.journal import forget, read_jobs
from streams.settings import Settings
from streams.topics import DUPLICATE, ENRICHED, RAW, STORY_EVENT
from streams.topology import TOPOLOGY

__all__ = ["LIVE", "LaneFacts", "delete_lane", "in_lane", "lane_facts", "lane_names", "lanes", "shape"]

LIVE = "live"
"""How the lane without a prefix is called by people."""

_REQUEST_MS = 20_000
_GLANCE_S = 0.1
_LOOKS = 300


@dataclass(frozen=True, slots=True)
class LaneFacts:
    """A lane in numbers: records of its topics, and what its stages have yet to do (None: not all topics are there)."""

    lane: str
    partitions: int
    raw: int
    enriched: int
    duplicate: int
    story_events: int
    dead_letters: int
    lag: int | None
    members: int

    def as_json(self) -> dict[str, Any]:
        """The numbers as plain data."""
        return asdict(self)


def in_lane(settings: Settings, lane: str, **changes: object) -> Settings:
    """The settings in another lane, `live` being the one without a prefix; UsageError when the name is none."""
    name = "" if lane == LIVE else lane
    if not re.fullmatch(r"([a-z0-9-]{1,40})?", name):
        raise UsageError(f"{lane!r} is no name for a lane: up to 40 of a-z, 0-9 and -")
    return settings.model_copy(update={"lane": name, **changes})


def lane_names(topic_names: Iterable[str]) -> list[str]:
    """Lanes that have one of the flow's topics, the live one first as an empty name."""
    endings = {stage.reads.name for stage in TOPOLOGY}
    found = set()
    for name in topic_names:
        for ending in endings:
            if name == ending:
                found.add("")
            elif name.endswith(f".{ending}"):
                found.add(name.removesuffix(f".{ending}"))
    return sorted(found)


async def lanes(endpoint: Endpoint, settings: Settings) -> list[LaneFacts]:
    """Every lane of the broker."""
    names = lane_names(await _topics(endpoint))
    return [await lane_facts(endpoint, settings.model_copy(update={"lane": name})) for name in names]


async def lane_facts(endpoint: Endpoint, settings: Settings) -> LaneFacts:
    """The lane of `settings` in numbers."""
    facts = {fact.name: fact for fact in await describe(endpoint, settings)}
    try:
        lag: int | None = sum(each.total for each in await stage_lags(endpoint, settings))
    except BrokerError:
        lag = None
    raw = facts[settings.topic(RAW.name)]
    parked = [facts[settings.topic(stage.reads.dead_letters)] for stage in TOPOLOGY]
    return LaneFacts(
        lane=settings.lane or LIVE,
        partitions=max(fact.partitions for fact in facts.values()),
        raw=raw.records,
        enriched=facts[settings.topic(ENRICHED.name)].records,
        duplicate=facts[settings.topic(DUPLICATE.name)].records,
        story_events=facts[settings.topic(STORY_EVENT.name)].records,
        dead_letters=sum(fact.records for fact in parked),
        lag=lag,
        members=await _members(endpoint, settings),
    )


def shape(facts: Iterable[TopicFacts]) -> int | None:
    """Partitions of a lane's topics; None when it has none."""
    counts = {fact.partitions for fact in facts if fact.exists}
    return max(counts) if counts else None


async def delete_lane(endpoint: Endpoint, settings: Settings, *, jobs_of: Settings) -> list[str]:
    """Delete a lane's topics, local stores and logs, and the jobs of the lane `jobs_of` that went into it.

    Names of the topics deleted. The groups' offsets go with the topics. UsageError for the
    live lane, and while workers are at it.
    """
    if not settings.lane:
        raise UsageError("the live lane is not to be deleted")
    if members := await _members(endpoint, settings):
        raise UsageError(f"{members} members of the groups of lane {settings.lane} are at work: end its workers first")
    deleted = await delete_topics(endpoint, settings)
    await _until_gone(endpoint, deleted)
    for folder in (settings.state_dir / "workers").glob(f"{settings.lane}.slot-*"):
        shutil.rmtree(folder, ignore_errors=True)
    (settings.state_dir / "logs" / f"{settings.topic('workers')}.log").unlink(missing_ok=True)
    try:
        jobs = await read_jobs(endpoint, jobs_of)
    except BrokerError:  # no replay has ever been run there
        return deleted
    async with job_producer(endpoint) as producer:
        for job in jobs.values():
            if job.into == settings.lane:
                await forget(producer, jobs_of, job.job_id)
    return deleted


async def _until_gone(endpoint: Endpoint, names: list[str]) -> None:
    """A broker deletes in its own time; until then the topics can neither be used nor made anew."""
    for _ in range(_LOOKS):
        if not set(names) & set(await _topics(endpoint)):
            return
        await asyncio.sleep(_GLANCE_S)
    raise BrokerError("the deleted topics do not go away")


async def _topics(endpoint: Endpoint) -> list[str]:
    async with _admin(endpoint) as admin:
        return list(await admin.list_topics())


async def _members(endpoint: Endpoint, settings: Settings) -> int:
    """Members of the groups of a lane's stages."""
    found = 0
    async with _admin(endpoint) as admin:
        for stage in TOPOLOGY:  # one at a time: aiokafka 0.14.0 misreads an answer about several groups
            try:
                (answer,) = await admin.describe_consumer_groups([settings.group(stage.name)])
            except KafkaError as error:
                if not error.retriable:  # a fresh broker has no coordinator yet, and so no members
                    raise
            else:
                found += len(answer.groups[0][5])
    return found


@asynccontextmanager
async def _admin(endpoint: Endpoint) -> AsyncIterator[Any]:
    admin = AIOKafkaAdminClient(**endpoint.client(), client_id="newsloom", request_timeout_ms=_REQUEST_MS)
    try:
        await admin.start()
        yield admin
    except KafkaError as error:
        raise endpoint.failure(error) from error
    finally:
        await admin.close()
