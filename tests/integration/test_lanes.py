"""A lane made by a replay: equal with the same code, different with another, and the live one is untouched."""

import random
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient

from schemas import Article, RawDocument, ReplaySelection, Source
from streams.app import running
from streams.codec import Message, Record, header
from streams.edge.admin import create_topics, delete_topics, stage_lags
from streams.edge.outbox import Outbox
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.ingest.push import push
from streams.local.broker import Broker
from streams.memory import StageRun
from streams.outcome import Ok, Outcome
from streams.replay.diff import lane_diff
from streams.replay.landed import JOB
from streams.replay.lanes import lane_facts, lanes
from streams.replay.plan import Order, forecast
from streams.replay.process import Listener, drained
from streams.replay.resolve import membership_of
from streams.replay.run import Manner, replay
from streams.settings import Settings
from streams.topics import CANDIDATE, DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, STORY_STATE, UNIQUE
from streams.topology import TOPOLOGY
from tests.builders import BODY, TITLE, raw_document, seen_at

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240), pytest.mark.asyncio(loop_scope="module")]

MADE = (NORMALIZED, UNIQUE, DUPLICATE, ENRICHED, CANDIDATE, STORY_EVENT)

TOWNS = ("Ostrava", "Tarnmouth", "Malvik", "Orkdal", "Lindau", "Zwolle")


def documents() -> list[RawDocument]:
    """Small stories from two outlets, some copied, some edited, one that is no article."""
    found: list[RawDocument] = []
    for number, town in enumerate(TOWNS):
        title = f"Council of {town} votes to close the old swimming hall"
        body = (
            f"The council of {town} voted on Monday to close the old swimming hall by the station, after engineers of "
            f"{town} University had found cracks in {number + 3} of its beams.\n\nMayor Ilse Varga said that the city "
            f"would spend {number + 20} million crowns on a new one, and that nobody in {town} would lose a job.\n\n"
            f"The swimming club of {town}, which has {300 + number} members, will train in the harbour until then."
        )
        again = body.replace("nobody", "not one person").replace("old swimming hall", "public baths")
        for outlet, text in (("gazette", body), ("herald", again), ("courier", body)):
            found.append(
                raw_document(
                    f"{title}\n\n{text}\n",
                    natural_id=f"{town}-{outlet}",
                    source=Source(id=outlet),
                    title=title,
                    first_seen_at=seen_at(len(found)),
                )
            )
    bridge = raw_document(f"{TITLE}\n\n{BODY}\n", natural_id="bridge", first_seen_at=seen_at(60))
    edited = raw_document(f"{TITLE}\n\n{BODY} It rained.\n", natural_id="bridge", first_seen_at=seen_at(61))
    return [*found, bridge, edited, raw_document("%PDF-1.7 no article", first_seen_at=seen_at(62))]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def live(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Settings]:
    """A lane of three partitions with its workers, everything processed; the workers stay at work."""
    folder: Path = tmp_path_factory.mktemp("lanes")
    settings = Settings(
        lane=f"live-{random.randrange(10**9)}", state_dir=folder, partitions=3, processes=1, broker=broker.bootstrap
    )
    async with running(settings) as up:
        await push(broker.endpoint, settings, documents())
        await drained(broker.endpoint, settings, up, Listener())
        yield settings
    for lane in [settings.lane, *(f"{settings.lane}-{name}" for name in ("a", "b", "c", "d"))]:
        await delete_topics(broker.endpoint, settings.model_copy(update={"lane": lane}))


def beside(live: Settings, name: str) -> Settings:
    return live.model_copy(update={"lane": f"{live.lane}-{name}"})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def replayed(broker: Broker, live: Settings) -> tuple[str, dict[str, object], dict[str, object]]:
    """The raw topic replayed into lane a with its workers; the job, and the live groups before and after."""
    before = await groups(broker.endpoint, live)
    outcome = await replay(broker.endpoint, live, Order(RAW, beside(live, "a").lane), Manner())
    assert outcome.came_out is not None
    assert outcome.came_out[ENRICHED.name] > 0
    return outcome.job.job_id, before, await groups(broker.endpoint, live)


async def groups(at: Endpoint, live: Settings) -> dict[str, object]:
    """Committed offsets, ends and members of the groups of a lane, and records of all its topics."""
    admin = AIOKafkaAdminClient(**at.client())
    await admin.start()
    try:
        members = {}
        for stage in TOPOLOGY:
            (answer,) = await admin.describe_consumer_groups([live.group(stage.name)])
            members[stage.name] = sorted(str(member[0]) for member in answer.groups[0][5])
    finally:
        await admin.close()
    lags = {lag.stage: (lag.partitions, lag.committed) for lag in await stage_lags(at, live)}
    facts = await lane_facts(at, live)
    return {"members": members, "lags": lags, "facts": facts}


async def records(at: Endpoint, lane: Settings, topic: str) -> list[Record]:
    return [record async for record in read_topic(at, lane.topic(topic))]


async def test_nothing_of_the_live_lane_is_touched(replayed: tuple[str, dict[str, object], dict[str, object]]) -> None:
    _, before, after = replayed
    assert before == after
    assert all(before["members"].values())  # type: ignore[attr-defined]


async def test_everything_the_lane_makes_names_the_job_and_nothing_live_does(
    broker: Broker, live: Settings, replayed: tuple[str, dict[str, object], dict[str, object]]
) -> None:
    job_id, *_ = replayed
    for topic in (*(topic.name for topic in MADE), STORY_STATE.name, RAW.dead_letters):
        found = await records(broker.endpoint, beside(live, "a"), topic)
        assert found
        assert {header(each.headers, JOB) for each in found} == {job_id}, topic
        assert {header(each.headers, JOB) for each in await records(broker.endpoint, live, topic)} == {None}, topic


@pytest.mark.usefixtures("replayed")
async def test_with_the_same_code_nothing_is_different_and_ids_are_the_same(broker: Broker, live: Settings) -> None:
    at = broker.endpoint
    found = await lane_diff(at, live, beside(live, "a"))
    assert found.none, found.as_json()
    assert found.articles.both == len(documents()) - 1
    assert found.clusters is not None
    assert found.clusters.articles == found.entities.articles
    ids = [
        sorted(str(header(r.headers, "ce_id")) for r in await records(at, lane, ENRICHED.name))
        for lane in (live, beside(live, "a"))
    ]
    assert ids[0] == ids[1]


@pytest.mark.usefixtures("replayed")
async def test_a_replay_from_the_middle_is_no_different_in_what_it_makes(broker: Broker, live: Settings) -> None:
    at = broker.endpoint
    outcome = await replay(at, live, Order(NORMALIZED, beside(live, "b").lane), Manner())
    assert outcome.job.copied == len(await records(at, live, NORMALIZED.name))
    for lane in (live, beside(live, "a")):
        found = await lane_diff(at, lane, beside(live, "b"))
        assert found.none, found.as_json()
        assert found.not_compared == ["normalize"]


@pytest.mark.usefixtures("replayed")
async def test_a_lane_of_other_code_is_different_and_the_report_says_where(broker: Broker, live: Settings) -> None:
    await in_memory(broker.endpoint, beside(live, "a"), beside(live, "c"), _doctored)
    await in_memory(broker.endpoint, beside(live, "a"), beside(live, "d"), lambda _, outcome: outcome)
    same = await lane_diff(broker.endpoint, beside(live, "a"), beside(live, "d"))
    assert same.none, same.as_json()
    found = await lane_diff(broker.endpoint, beside(live, "a"), beside(live, "c"))
    assert not found.none
    assert found.articles.fields.keys() >= {"byline"}
    assert found.verdicts.changed
    assert found.clusters is not None
    assert found.clusters.only_b or found.clusters.f < 1


def _doctored(stage: str, outcome: Outcome) -> Outcome:
    """A normalizer that signs everything, and a dedupe that takes every copy for an original."""
    if not isinstance(outcome, Ok):
        return outcome
    if stage == "normalize":
        return Ok(tuple(each.model_copy(update={"byline": "Nobody"}) for each in outcome.values))  # type: ignore[union-attr]
    if stage == "dedupe":
        return Ok(tuple(each if isinstance(each, Article) else each.article for each in outcome.values))  # type: ignore[union-attr]
    return outcome


async def in_memory(at: Endpoint, source: Settings, lane: Settings, change: Callable[[str, Outcome], Outcome]) -> None:
    """Fill a lane with what the topology, its stages changed, makes of the raw topic of another."""
    lane = lane.model_copy(update={"partitions": 1})
    await create_topics(at, lane)
    logs: dict[str, list[Record]] = defaultdict(list)
    logs[RAW.name] = await records(at, source, RAW.name)
    async with Outbox(at, lane) as outbox:
        await outbox.send(Message(RAW.name, each.key, each.value, each.headers) for each in logs[RAW.name])
        for stage in TOPOLOGY:
            run = StageRun(replace(stage, run=_changed(stage.run, stage.name, change)))
            for record in logs[stage.reads.name]:
                messages = run.step(record).messages
                await outbox.send(messages)
                for message in messages:
                    log = logs[message.topic]
                    log.append(Record(message.topic, 0, len(log), message.key, message.value, message.headers))


def _changed(
    run: Callable[..., Outcome], name: str, change: Callable[[str, Outcome], Outcome]
) -> Callable[..., Outcome]:
    return lambda *arguments: change(name, run(*arguments))


async def test_a_story_selects_its_members_wherever_they_stand(broker: Broker, live: Settings) -> None:
    at = broker.endpoint
    members = (await membership_of(at, live)).members()
    story, articles = max(members.items(), key=lambda each: (len(each[1]), each[0]))
    assert len(articles) > 1
    documents_of = {
        header(each.headers, "ce_documentid")
        for each in await records(at, live, ENRICHED.name)
        if header(each.headers, "ce_subject") in articles
    }
    for topic in (RAW, NORMALIZED, CANDIDATE):
        told = await forecast(at, live, Order(topic, "any", selection=ReplaySelection(stories=(story[:20],))))
        assert set(told.selection.documents) == documents_of
        wanted = [
            each
            for each in await records(at, live, topic.name)
            if header(each.headers, "ce_documentid") in documents_of
        ]
        assert told.copied == len(wanted) > 1
    english = await forecast(at, live, Order(RAW, "any", selection=ReplaySelection(languages=("en",))))
    assert english.copied == len(await records(at, live, NORMALIZED.name))


@pytest.mark.usefixtures("replayed")
async def test_lanes_are_listed_with_what_they_hold(broker: Broker, live: Settings) -> None:
    found = {each.lane: each for each in await lanes(broker.endpoint, live)}
    assert found[live.lane].members >= len(TOPOLOGY)
    made = found[beside(live, "a").lane]
    assert (made.partitions, made.raw, made.lag, made.members) == (1, len(documents()), 0, 0)
    assert made.dead_letters == 1
