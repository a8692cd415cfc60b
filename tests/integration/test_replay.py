"""Replays on a real broker: exact, bounded, once whatever is killed, and nothing of the live lane is touched."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from schemas import RawDocument, ReplaySelection, Source
from streams.codec import Record, header
from streams.edge.admin import create_topics, delete_topics
from streams.edge.ranges import marks
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.errors import UsageError
from streams.ingest.push import push
from streams.local.broker import Broker
from streams.replay.journal import find_job, read_jobs
from streams.replay.landed import JOB, PLACE
from streams.replay.lanes import delete_lane, lane_facts
from streams.replay.plan import Order, forecast
from streams.replay.run import Manner, Outcome, cancel, replay, resume
from streams.settings import Settings
from streams.state.protocols import Origin
from streams.topics import ENRICHED, RAW
from tests.builders import raw_document, seen_at
from tests.integration import replayer
from tests.integration.harness import until

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180), pytest.mark.asyncio(loop_scope="module")]

DOCUMENTS = 600
COPY = Manner(process=False)
SEED = 20260301


def documents() -> list[RawDocument]:
    return [
        raw_document(f"Note {number}\n\nThe {number}. note of the day.\n", source=Source(id=f"outlet-{number % 3}"))
        for number in range(DOCUMENTS)
    ]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """A lane of three partitions that stands for the live one, with raw documents that nobody has processed."""
    folder: Path = tmp_path_factory.mktemp("replay")
    settings = Settings(
        lane=f"from-{random.randrange(10**9)}", state_dir=folder, partitions=3, processes=1, broker=broker.bootstrap
    )
    await create_topics(broker.endpoint, settings)
    await push(broker.endpoint, settings, documents())
    yield settings
    await delete_topics(broker.endpoint, settings)


@pytest.fixture
def into(lane: str) -> str:
    """A lane that is not there yet."""
    return lane


async def records(at: Endpoint, settings: Settings, lane: str | None = None, topic: str = RAW.name) -> list[Record]:
    own = settings if lane is None else settings.model_copy(update={"lane": lane})
    return [record async for record in read_topic(at, own.topic(topic))]


def place(record: Record) -> Origin:
    return Origin.parse(header(record.headers, PLACE) or "")


def bare(record: Record) -> tuple[bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]:
    """Key, value and headers without what a replay adds to a raw record."""
    kept = tuple(each for each in record.headers if each[0] not in (JOB, PLACE, "ce_origin"))
    return record.key, record.value, kept


def order(into: str, **fields: Any) -> Order:
    return Order(RAW, into, **fields)


async def copied(at: Endpoint, live: Settings, wanted: Order, manner: Manner = COPY) -> Outcome:
    return await replay(at, live, wanted, manner)


async def assert_exact(at: Endpoint, live: Settings, into: str, wanted: Iterable[Record], job_id: str) -> list[Record]:
    """The lane has a copy of each of `wanted`, once, each partition in its order; the copies, as they stand."""
    found = await records(at, live, into)
    by_place = {Origin(each.partition, each.offset): each for each in wanted}
    assert Counter(place(each) for each in found) == Counter(by_place.keys())
    assert all(bare(each) == bare(by_place[place(each)]) for each in found)
    assert {header(each.headers, JOB) for each in found} == {job_id}
    for pair in {(each.partition, place(each).partition) for each in found}:
        offsets = [place(each).offset for each in found if (each.partition, place(each).partition) == pair]
        assert offsets == sorted(offsets)
    return found


async def test_a_copy_is_exact_and_the_same_order_again_copies_nothing(
    broker: Broker, live: Settings, into: str
) -> None:
    at = broker.endpoint
    outcome = await copied(at, live, order(into))
    assert (outcome.job.state, outcome.job.copied, outcome.job.skipped) == ("done", DOCUMENTS, 0)
    found = await assert_exact(at, live, into, await records(at, live), outcome.job.job_id)
    assert all(header(each.headers, "ce_origin") == str(place(each)) for each in found)
    assert outcome.job.bytes == sum(len(each.value or b"") for each in found)
    again = await copied(at, live, order(into))
    assert again.job == outcome.job
    assert len(await records(at, live, into)) == DOCUMENTS
    assert (await find_job(at, live, outcome.job.job_id[:12])) == outcome.job


async def test_bounds_and_filters_take_what_they_say_and_a_forecast_says_it_before(
    broker: Broker, live: Settings, into: str
) -> None:
    at = broker.endpoint
    wanted = order(into, begin=100, end=-50, selection=ReplaySelection(sources=("outlet-1",)))
    ends = [high for _, high in await marks(at, live.topic(RAW.name))]
    expected = [
        each
        for each in await records(at, live)
        if 100 <= each.offset < ends[each.partition] - 50 and b'"outlet-1"' in (each.value or b"")
    ]
    before = await topic_names(at)
    told = await forecast(at, live, wanted)
    assert await topic_names(at) == before
    assert (told.copied, told.bytes) == (len(expected), sum(len(each.value or b"") for each in expected))
    assert (told.first_ms, told.last_ms) == (
        min(each.timestamp_ms for each in expected),
        max(each.timestamp_ms for each in expected),
    )
    outcome = await copied(at, live, wanted)
    assert (outcome.job.copied, outcome.job.skipped) == (told.copied, told.skipped)
    await assert_exact(at, live, into, expected, outcome.job.job_id)


async def test_times_bound_by_when_records_were_appended(broker: Broker, live: Settings, into: str) -> None:
    at = broker.endpoint
    early = order(into, begin=seen_at(-1e6))
    assert (await forecast(at, live, early)).copied == DOCUMENTS
    assert (await forecast(at, live, order(into, end=seen_at(-1e6)))).copied == 0


async def test_a_lane_of_more_partitions_keeps_the_order_of_each_key(broker: Broker, live: Settings, into: str) -> None:
    outcome = await copied(broker.endpoint, live, order(into, partitions=5))
    found = await assert_exact(broker.endpoint, live, into, await records(broker.endpoint, live), outcome.job.job_id)
    assert {each.partition for each in found} == set(range(5))


async def test_ten_kills_lose_nothing_and_repeat_nothing(broker: Broker, live: Settings, into: str) -> None:
    at, chance = broker.endpoint, random.Random(SEED)
    undisturbed = await copied(at, live, order(f"{into}-a"))
    name = live.model_copy(update={"lane": into}).topic(RAW.name)
    await create_topics(at, live.model_copy(update={"lane": into, "partitions": 1}))

    async def reached(count: int) -> bool:
        return (await marks(at, name))[0][1] >= count

    for _ in range(10):
        target = (await marks(at, name))[0][1] + chance.randint(1, 15)
        process = replayer.start(at, live, order(into), Manner(rate=20, process=False))
        await until(lambda: reached(target), f"{target} records")  # noqa: B023 - awaited within the turn
        await asyncio.sleep(chance.random() / 5)
        process.kill()
        await asyncio.to_thread(process.join)
        assert process.exitcode == -9
    job = next(each for each in (await read_jobs(at, live)).values() if each.into == into)
    assert (job.state, job.attempt) == ("running", 10)
    assert 0 < len(await records(at, live, into)) < DOCUMENTS
    outcome = await resume(at, live, job.job_id, COPY)
    assert (outcome.job.state, outcome.job.copied, outcome.job.attempt) == ("done", DOCUMENTS, 11)
    found = await assert_exact(at, live, into, await records(at, live), job.job_id)
    whole = await records(at, live, f"{into}-a")
    assert [place(each) for each in found] == [place(each) for each in whole]
    assert undisturbed.job.job_id != job.job_id


async def test_a_cancelled_replay_stops_soon_and_goes_on_when_it_is_resumed(
    broker: Broker, live: Settings, into: str
) -> None:
    at = broker.endpoint
    slow = asyncio.create_task(copied(at, live, order(into), Manner(rate=20, process=False)))
    await until(lambda: running_into(at, live, into), "a running job")
    (job,) = [each for each in (await read_jobs(at, live)).values() if each.into == into]
    with pytest.raises(UsageError, match="is running here"):
        await resume(at, live, job.job_id, COPY)
    await cancel(at, live, job.job_id)
    asked_at = time.monotonic()
    outcome = await slow
    assert time.monotonic() - asked_at < 5
    assert outcome.job.state == "cancelled"
    assert (await find_job(at, live, job.job_id)).state == "cancelled"
    assert outcome.job.copied == len(await records(at, live, into)) < DOCUMENTS
    done = await resume(at, live, job.job_id, COPY)
    assert (done.job.state, done.job.copied) == ("done", DOCUMENTS)
    await assert_exact(at, live, into, await records(at, live), job.job_id)
    with pytest.raises(UsageError, match="is done"):
        await cancel(at, live, job.job_id)


async def running_into(at: Endpoint, live: Settings, into: str) -> bool:
    jobs = (await read_jobs(at, live)).values()
    return any(job.into == into and job.copied for job in jobs)


async def test_an_attempt_ends_when_a_later_one_has_begun_elsewhere(
    broker: Broker, live: Settings, into: str, tmp_path: Path
) -> None:
    at = broker.endpoint
    slow = asyncio.create_task(copied(at, live, order(into), Manner(rate=20, process=False)))
    await until(lambda: running_into(at, live, into), "a running job")
    elsewhere = live.model_copy(update={"state_dir": tmp_path})  # where no lock tells of the other
    outcome = await copied(at, elsewhere, order(into))
    with pytest.raises(UsageError, match="resumed elsewhere"):
        await slow
    assert (outcome.job.state, outcome.job.attempt) == ("done", 2)
    await assert_exact(at, live, into, await records(at, live), outcome.job.job_id)


async def test_a_rate_is_kept(broker: Broker, live: Settings, into: str) -> None:
    begun = time.monotonic()
    wanted = order(into, begin="earliest", end=20)
    outcome = await copied(broker.endpoint, live, wanted, Manner(rate=40, process=False))
    assert outcome.job.copied == 60
    assert time.monotonic() - begun > 1.2
    times = [each.timestamp_ms for each in await records(broker.endpoint, live, into)]
    assert max(times) - min(times) > 1000


async def test_what_makes_no_sense_is_refused_and_nothing_is_written(broker: Broker, live: Settings, into: str) -> None:
    at = broker.endpoint
    before = await topic_names(at)
    with pytest.raises(UsageError, match="--even-live"):
        await copied(at, live, order("live"))
    with pytest.raises(UsageError, match="replay into another one"):
        await copied(at, live, order(live.lane))
    with pytest.raises(UsageError, match="no stage reads"):
        await copied(at, live, Order(ENRICHED, into))
    assert await topic_names(at) == before
    pushed = live.model_copy(update={"lane": into, "partitions": 1})
    await create_topics(at, pushed)
    await push(at, pushed, documents()[:1])
    with pytest.raises(UsageError, match="no replay brought"):
        await copied(at, live, order(into))
    with pytest.raises(UsageError, match="has 1 partitions"):
        await copied(at, live, order(into, partitions=2))


async def test_a_deleted_lane_leaves_nothing_and_may_be_made_again(broker: Broker, live: Settings, into: str) -> None:
    at = broker.endpoint
    lane = live.model_copy(update={"lane": into})
    first = await copied(at, live, order(into, end=10))
    assert (await lane_facts(at, lane)).raw == first.job.copied == 30
    with pytest.raises(UsageError, match="live lane"):
        await delete_lane(at, live.model_copy(update={"lane": ""}), jobs_of=live)
    deleted = await delete_lane(at, lane, jobs_of=live)
    assert lane.topic(RAW.name) in deleted
    assert not [name for name in await topic_names(at) if name.startswith(f"{into}.")]
    assert not [job for job in (await read_jobs(at, live)).values() if job.into == into]
    second = await copied(at, live, order(into, end=10))
    assert (second.job.job_id, second.job.attempt, second.job.copied) == (first.job.job_id, 1, 30)
    assert len(await records(at, live, into)) == 30


async def topic_names(at: Endpoint) -> set[str]:
    admin = AIOKafkaAdminClient(**at.client())
    await admin.start()
    try:
        return {name for name in await admin.list_topics() if not name.startswith("__")}
    finally:
        await admin.close()
