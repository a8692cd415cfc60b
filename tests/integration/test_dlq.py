"""Dead letters on a real broker: looked at without being consumed, sent again once each, given up on the record."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from streams.alarms import release, standing
from streams.audit import audit
from streams.cli import main
from streams.codec import Message, Record, header, raw_message
from streams.deadletter import REDRIVEN_FROM, dead_letter, original_headers
from streams.dlq.letters import letter_at, newest, select
from streams.dlq.redrive import Report, Undertaking
from streams.dlq.selection import Selection
from streams.edge.admin import create_topics, describe, total_lag
from streams.edge.dispositions import read_dispositions
from streams.edge.outbox import Outbox
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.ingest.push import push
from streams.local.broker import Broker
from streams.observe.balance import balance
from streams.observe.lookup import find_article
from streams.outcome import Dead
from streams.settings import Settings
from streams.telemetry.alive import silent_s
from streams.topics import RAW
from tests.builders import raw_document
from tests.integration.harness import until
from tests.integration.mortal import DECREE, Death, killed
from tests.integration.mortal import redrive as redrive_in

LETTERS = 12


@pytest_asyncio.fixture
async def settings(broker: Broker, lane: str, tmp_path: Path) -> Settings:
    settings = Settings(broker=broker.bootstrap, lane=lane, state_dir=tmp_path, partitions=2, processes=1)
    await create_topics(broker.endpoint, settings)
    return settings


def record(number: int, partition: int = 0, topic: str = RAW.name) -> Record:
    message = raw_message(raw_document(f"Letter number {number} to the harbour master."))
    headers = (*message.headers, ("origin-note", b"\xff\x00"))
    return Record(topic, partition, number, message.key, message.value, headers, 1_772_000_000_000 + number * 60_000)


async def park(settings: Settings, records: Iterable[Record], reason: str = "deadline") -> None:
    dead = Dead(reason, "killed after 20 s")  # type: ignore[arg-type]
    async with Outbox(Endpoint(settings.broker), settings) as outbox:
        await outbox.send(dead_letter(RAW, "normalize", each, dead) for each in records)


async def redriven(settings: Settings, topic: str = RAW.name) -> list[Record]:
    return [each async for each in read_topic(Endpoint(settings.broker), settings.topic(topic))]


async def redrive(settings: Settings, selection: Selection | None = None, *, dry_run: bool = False) -> Report:
    async with Undertaking(Endpoint(settings.broker), settings, DECREE, dry_run=dry_run) as undertaking:
        return await undertaking.redrive(selection or Selection(), max_cycles=3)


async def test_a_redriven_record_is_the_original_with_a_count(settings: Settings) -> None:
    original = record(0, partition=1)
    await park(settings, [original])
    assert (await redrive(settings, dry_run=True)).done == 1
    assert await redriven(settings) == []
    assert (await redrive(settings)).done == 1
    (sent,) = await redriven(settings)
    assert (sent.partition, sent.key, sent.value) == (1, original.key, original.value)
    assert original_headers(sent.headers) == original.headers
    assert header(sent.headers, "x-news-redrive-count") == "1"
    assert not [name for name, _ in sent.headers if name.startswith("__connect")]
    (noted,) = (await read_dispositions(Endpoint(settings.broker), settings)).values()
    assert (noted.state, noted.by, noted.sent_partition, noted.sent_offset) == ("redriven", "victim", 1, sent.offset)
    assert (await redrive(settings)).selected == 0


async def test_a_record_with_two_letters_goes_once_and_one_too_often_round_stays(settings: Settings) -> None:
    tired = replace(record(1), headers=(("x-news-redrive-count", b"3"),))
    await park(settings, [record(0), record(0), tired])
    report = await redrive(settings)
    assert (report.selected, report.done, report.repeated, report.refused) == (3, 1, 1, 1)
    await park(settings, [record(0)])
    assert (await redrive(settings)).repeated == 1
    assert len(await redriven(settings)) == 1


async def test_a_selection_chooses_by_reason_time_source_document_and_place(settings: Settings) -> None:
    await park(settings, [record(number) for number in range(4)])
    await park(settings, [record(9)], "memory")

    async def chosen(**fields: object) -> list[str | None]:
        found = select(Endpoint(settings.broker), settings, Selection(**fields), {})  # type: ignore[arg-type]
        return [header(letter.record.headers, "__connect.errors.offset") async for letter in found]

    assert await chosen(reasons=frozenset({"memory"})) == ["9"]
    assert await chosen(stages=frozenset({"cluster"})) == []
    assert len(await chosen(source="gazette")) == 5
    assert await chosen(source="herald") == []
    (young, *_) = await newest(Endpoint(settings.broker), settings, Selection(), 1)
    assert await chosen(since=young.at) == ["9"]
    assert len(await chosen(until=young.at)) == 4
    assert await chosen(document=young.document_id) == ["9"]
    place = (young.record.partition, young.record.offset)
    at = await letter_at(Endpoint(settings.broker), settings, RAW.dead_letters, *place)
    assert at.id == young.id
    assert await chosen(partition=place[0], offsets=(place[1], place[1])) == ["9"]


async def test_a_document_that_was_sent_again_is_no_dead_letter_any_more(settings: Settings) -> None:
    await park(settings, [record(0)])
    document = header(record(0).headers, "ce_documentid") or ""
    endpoint = Endpoint(settings.broker)
    assert (await find_article(endpoint, settings, document)).state == "dead letter"
    await redrive(settings)
    assert (await find_article(endpoint, settings, document)).state == "raw"


@pytest_asyncio.fixture
async def hostile(settings: Settings) -> Settings:
    """Two letters, one of which would like to steer a terminal."""
    steering = replace(record(0), key=b"k", value=b"\x1b]0;gotcha\x07{")
    await park(settings, [steering, record(1)], "bad_json")
    return settings


def test_what_is_discarded_is_on_record_and_looking_consumes_nothing(
    hostile: Settings, capfd: pytest.CaptureFixture[str]
) -> None:
    def cli(*arguments: str) -> str:
        capfd.readouterr()
        assert main(("dlq", *arguments, "--broker", hostile.broker, "--lane", hostile.lane)) == 0
        return capfd.readouterr().out

    before = asyncio.run(describe(Endpoint(hostile.broker), hostile))
    listed = [json.loads(line) for line in cli("list", "--json").splitlines()]
    assert [letter["reason"] for letter in listed] == ["bad_json", "bad_json"]
    gotcha = next(letter["letter"] for letter in listed if letter["offset"] == 0)
    shown = cli("show", gotcha)
    assert "\\x1b]0;gotcha\\x07{" in shown
    assert "\x1b" not in shown
    assert cli("show", gotcha, "--raw") == "\x1b]0;gotcha\x07{"
    stats = json.loads(cli("stats", "--json"))
    assert stats["reasons"] == [{"stage": "normalize", "reason": "bad_json", "letters": 2}]
    assert asyncio.run(describe(Endpoint(hostile.broker), hostile)) == before
    _, partition, offset = gotcha.split(":")
    given_up = ("--why", "test data", "--by", "ilse", "--partition", partition, "--offsets", f"{offset}-{offset}")
    cli("discard", *given_up)
    assert asyncio.run(read_dispositions(Endpoint(hostile.broker), hostile)) == {}
    cli("discard", *given_up, "--yes")
    (noted,) = asyncio.run(read_dispositions(Endpoint(hostile.broker), hostile)).values()
    assert (noted.letter_id, noted.state, noted.by, noted.why) == (gotcha, "discarded", "ilse", "test data")
    assert len(cli("list", "--json").splitlines()) == 1
    assert len(cli("list", "--json", "--all").splitlines()) == 2


DEATHS: list[Death] = [
    ("outbox", 1, "before"),
    ("outbox", 1, "half"),
    ("outbox", 1, "after"),
    ("outbox", 2, "half"),
    ("outbox", 2, "after"),
    ("outbox", 3, "half"),
    ("outbox", 4, "half"),
    ("outbox", 4, "before"),
]


async def test_a_redrive_that_is_killed_anywhere_and_repeated_sends_each_letter_once(settings: Settings) -> None:
    await park(settings, [record(number, number % 2) for number in range(LETTERS)])
    # Sends: intents, records of one partition, of the other, notes; after a kill first the notes of what got through.
    deaths = [await killed(redrive_in, settings, death, settings.state_dir) for death in DEATHS]
    assert deaths.count(-signal.SIGKILL) >= len(DEATHS) - 1
    report = await redrive(settings)
    sent = Counter(header(each.headers, REDRIVEN_FROM) for each in await redriven(settings))
    assert len(sent) == LETTERS
    assert set(sent.values()) == {1}
    states = Counter(each.state for each in (await read_dispositions(Endpoint(settings.broker), settings)).values())
    assert states == {"redriven": LETTERS}
    assert report.refused == report.repeated == 0


@asynccontextmanager
async def work(settings: Settings, **changes: object) -> AsyncIterator[None]:
    """A worker of all stages."""
    command = [sys.executable, "-m", "streams", "worker"]
    process = await asyncio.create_subprocess_exec(*command, env=settings.environment(**changes))
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def drained(settings: Settings) -> None:
    async def idle() -> bool:
        return not any((await total_lag(Endpoint(settings.broker), settings)).values())

    await until(idle, "lag 0")


async def test_the_books_hold_over_letters_that_were_redriven_and_discarded(settings: Settings) -> None:
    """A deadline that was far too short parks everything; once it is mended, what is sent again is enriched."""
    documents = [
        raw_document(f"The ferry to pier {number} was late by {number} hours on Monday.") for number in range(4)
    ]
    await push(Endpoint(settings.broker), settings, documents)
    async with work(settings, document_deadline_s="0.0001"):
        await drained(settings)
    assert (await balance(Endpoint(settings.broker), settings)).dead_letter == 4
    given_up = Selection(document=documents[0].document_id)
    async with Undertaking(Endpoint(settings.broker), settings, DECREE, dry_run=False) as undertaking:
        assert (await undertaking.discard(given_up)).done == 1
    assert (await redrive(settings)).done == 3
    assert (await balance(Endpoint(settings.broker), settings)).waiting == 3
    async with work(settings):
        await drained(settings)
    report = await audit(Endpoint(settings.broker), settings)
    assert report.ok, report.as_json()
    assert (report.enriched + report.duplicate, report.dead_letter) == (3, 1)
    books = await balance(Endpoint(settings.broker), settings)
    assert books.ok
    assert books.dead_letter == 1


async def normalizer(settings: Settings, **changes: object) -> Process:
    command = [sys.executable, "-m", "streams", "worker", "--stage", "normalize"]
    limits = {"batch_records": 10, "dead_window": 20} | changes
    return await asyncio.create_subprocess_exec(*command, env=settings.environment(**limits))


async def normalizing(settings: Settings, **changes: object) -> int:
    """Exit code of a worker that does nothing but normalize; 0 once there is nothing left to do."""
    process = await normalizer(settings, **changes)

    async def idle() -> bool:
        return process.returncode is not None or not (await total_lag(Endpoint(settings.broker), settings))["normalize"]

    await until(idle, "no lag, or no worker")
    if process.returncode is None and not changes:
        await asyncio.wait_for(process.wait(), 30)
    elif process.returncode is None:
        process.terminate()
    return await process.wait()


async def test_a_stage_that_parks_most_of_its_input_stops_until_it_is_let_go(settings: Settings) -> None:
    async def letters() -> int:
        return len([each async for each in read_topic(Endpoint(settings.broker), settings.topic(RAW.dead_letters))])

    async with Outbox(Endpoint(settings.broker), settings) as outbox:
        await outbox.send([Message(RAW.name, b"bad-%d" % number, b"{") for number in range(60)])
    assert await normalizing(settings) == 1
    parked = await letters()
    assert 10 <= parked <= 40
    alarm = standing(settings)["normalize"]
    assert (alarm.reasons, alarm.of) == ({"bad_json": alarm.dead}, alarm.dead)
    assert (await total_lag(Endpoint(settings.broker), settings))["normalize"] == 60 - parked

    store = settings.state_dir / "workers" / settings.topic("slot-0")
    (store / "normalize" / "old").mkdir(parents=True)
    still = await normalizer(settings)

    async def alive() -> bool:
        return not (store / "normalize").exists() and min(silent_s(settings, ["worker-0"]).values()) < 2

    await until(alive, "a worker that stands still and says so")
    await asyncio.sleep(2)
    await until(alive, "a worker that goes on saying so")
    assert (still.returncode, await letters()) == (None, parked)
    release(settings, "normalize")
    assert await asyncio.wait_for(still.wait(), 60) == 1
    assert await normalizing(settings, dead_ratio=1) == 0
    assert await letters() == 60
