"""The same log in, the same bytes out; and whatever comes again changes nothing."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence

import pytest

from schemas import RawDocument
from streams.codec import Record, header, raw_message
from streams.memory import MemoryPipeline, StageRun
from streams.state.dedupe_record import DocumentRecord
from streams.topics import NORMALIZED, RAW, STORY_EVENT, STORY_STATE, Topic
from streams.topology import TOPOLOGY, topics
from tests.topology.corpus import documents

Logs = dict[str, list[Record]]
Tables = dict[str, list[tuple[bytes, bytes]]]


def run(values: Sequence[RawDocument]) -> MemoryPipeline:
    pipeline = MemoryPipeline()
    pipeline.push(values)
    pipeline.run()
    return pipeline


def tables(pipeline: MemoryPipeline) -> Tables:
    return {name: list(stage.table.items()) for name, stage in pipeline.runs.items()}


def by_id(log: Sequence[Record]) -> dict[str | None, Record]:
    """Records by CloudEvents id, without their place; equal ids must have equal content."""
    found: dict[str | None, Record] = {}
    for record in log:
        content = Record(record.topic, 0, 0, record.key, record.value, record.headers)
        assert found.setdefault(header(record.headers, "ce_id"), content) == content
    return found


def test_this_corpus_goes_everywhere() -> None:
    pipeline = run(documents())
    assert all(pipeline.topics[topic.name] for topic in topics())
    assert pipeline.topics[RAW.dead_letters]
    assert len(pipeline.latest(STORY_STATE.name)) == 4
    kinds = b" ".join(record.value or b"" for record in pipeline.topics[STORY_EVENT.name])
    assert b'"article_added"' in kinds


def test_the_same_log_gives_the_same_bytes() -> None:
    one, other = run(documents()), run(documents())
    assert one.topics == other.topics
    assert tables(one) == tables(other)


def test_in_one_go_or_one_by_one_makes_no_difference() -> None:
    together, apart = run(documents()), MemoryPipeline()
    for document in documents():
        apart.push([document])
        apart.run()
    assert together.topics == apart.topics
    assert tables(together) == tables(apart)


def test_what_is_forgotten_on_the_way_changes_nothing_that_comes_after() -> None:
    together, forgetful, logs = run(documents()), MemoryPipeline(), defaultdict[str, list[Record]](list)
    for document in documents():
        forgetful.push([document])
        forgetful.run()
        for topic, log in forgetful.topics.items():
            logs[topic] += log
        forgetful.forget()
    assert not any(forgetful.topics.values())
    assert {topic: log for topic, log in logs.items() if log} == together.topics


@pytest.mark.parametrize("seed", range(5))
def test_pushing_again_changes_nothing(seed: int) -> None:
    pipeline = run(documents())
    before = tables(pipeline)
    public = [topic for topic in topics() if topic not in {RAW, NORMALIZED}]
    ended = {topic.name: list(pipeline.topics[topic.name]) for topic in public}
    counts = {stage: dict(found) for stage, found in pipeline.counts.items()}
    again = documents()
    random.Random(seed).shuffle(again)
    pipeline.push(again)
    pipeline.run()
    after = tables(pipeline)
    assert {name: pipeline.topics[name] for name in ended} == ended
    # The stages after dedupe have not seen a record more; dedupe itself has dropped each it takes.
    assert (after["enrich"], after["cluster"]) == (before["enrich"], before["cluster"])
    assert (pipeline.counts["enrich"], pipeline.counts["cluster"]) == (counts["enrich"], counts["cluster"])
    assert pipeline.counts["dedupe"] == counts["dedupe"] | {"drop:repushed": counts["dedupe"]["ok"]}
    # It notes where a document was last pushed, and nothing else.
    assert all(record.offset >= len(again) for record in pushes(after["dedupe"]))
    assert unplaced(after["dedupe"]) == unplaced(before["dedupe"])


def pushes(table: Sequence[tuple[bytes, bytes]]) -> list[DocumentRecord]:
    return [DocumentRecord.decode(value) for key, value in table if key.startswith(b"d")]


def unplaced(table: Sequence[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The table of dedupe without the places of the last pushes."""
    return [
        (key, DocumentRecord.decode(value)._replace(partition=0, offset=0).encode() if key[:1] == b"d" else value)
        for key, value in table
    ]


def redelivered(log: Sequence[Record], chance: random.Random) -> Iterator[Record]:
    """The log, from now on and then a few records back again."""
    for at, record in enumerate(log, 1):
        yield record
        if chance.random() < 0.4:
            yield from log[max(0, at - chance.randint(1, 8)) : at]


def disturbed(values: Sequence[RawDocument], chance: random.Random) -> tuple[Logs, Tables]:
    """The flow with every stage's input redelivered here and there, and its state rebuilt."""
    logs: Logs = defaultdict(list)
    raw = MemoryPipeline()
    raw.push(values)
    logs[RAW.name] = raw.topics[RAW.name]
    states: Tables = {}
    for stage in TOPOLOGY:
        runner = StageRun(stage)
        for record in redelivered(list(logs[stage.reads.name]), chance):
            for message in runner.step(record).messages:
                log = logs[message.topic]
                log.append(Record(message.topic, 0, len(log), message.key, message.value, message.headers))
            if chance.random() < 0.2:
                runner._state = runner._open()
        states[stage.name] = list(runner.table.items())
    return logs, states


def latest(log: Sequence[Record]) -> dict[bytes | None, bytes | None]:
    return {record.key: record.value for record in log}


@pytest.mark.parametrize("seed", range(5))
def test_redeliveries_change_nothing_by_id(seed: int) -> None:
    calm = run(documents())
    logs, states = disturbed(documents(), random.Random(seed))
    assert sum(map(len, logs.values())) > sum(map(len, calm.topics.values()))
    carried: list[Topic] = list(topics())
    for name in [topic.name for topic in carried] + [stage.reads.dead_letters for stage in TOPOLOGY]:
        assert by_id(logs[name]) == by_id(calm.topics[name])
    assert states == tables(calm)
    assert latest(logs[STORY_STATE.name]) == latest(calm.topics[STORY_STATE.name])


def test_a_raw_record_is_the_same_bytes_whenever_it_is_made() -> None:
    assert [raw_message(value) for value in documents()] == [raw_message(value) for value in documents()]
