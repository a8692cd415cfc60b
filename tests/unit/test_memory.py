"""The in-memory runner: log order, state that a failure does not touch, tables as compaction leaves them."""

from typing import Any

from schemas import Article
from streams.codec import Message, Record
from streams.memory import MemoryPipeline, StageRun
from streams.outcome import Dead, Ok, Outcome
from streams.state.protocols import Table
from streams.topics import DEDUPE_STATE, NORMALIZED, STORY_STATE, UNIQUE
from streams.topology import TOPOLOGY, Stage
from tests.builders import article, raw_document, record_of


class Tally:
    """Counts in memory what it also counts in its table, so that a test sees them part."""

    def __init__(self, table: Table) -> None:
        self.table = table
        self.count = int(table.get(b"n") or b"0")


def tally(value: Article, state: Tally, _: object) -> Outcome:
    """Counts every record, then fails or dies on those that say so."""
    state.count += 1
    state.table.put(b"n", str(state.count).encode())
    if value.title == "fail":
        raise RuntimeError("bug")
    if value.title == "dead":
        return Dead("empty_body")
    return Ok((value.model_copy(update={"word_count": state.count}),))


STAGE = Stage("tally", NORMALIZED, (UNIQUE,), tally, DEDUPE_STATE, Tally)


def steps(*titles: str) -> tuple[list[str], list[tuple[bytes, bytes]]]:
    run = StageRun(STAGE)
    labels = [run.step(record_of(NORMALIZED, article(title=title))).label for title in titles]
    return labels, list(run.table.items())


def test_state_lasts_from_record_to_record() -> None:
    assert steps("a", "b", "c") == (["ok", "ok", "ok"], [(b"n", b"3")])


def test_a_failure_leaves_neither_table_nor_memory_behind() -> None:
    assert steps("a", "fail", "b") == (["ok", "dead:stage_error", "ok"], [(b"n", b"2")])


def test_a_dead_record_may_leave_state_behind() -> None:
    assert steps("a", "dead") == (["ok", "dead:empty_body"], [(b"n", b"2")])


def test_what_cannot_be_decoded_leaves_state_alone() -> None:
    run = StageRun(STAGE)
    run.step(Record(NORMALIZED.name, 0, 0, b"en", b"{"))
    assert list(run.table.items()) == []


def test_offsets_count_up_in_each_topic() -> None:
    pipeline = MemoryPipeline()
    for topic in ("a", "b", "a"):
        pipeline.append(Message(topic, b"k", b"v"))
    offsets = {topic: [record.offset for record in log] for topic, log in pipeline.topics.items()}
    assert offsets == {"a": [0, 1], "b": [0]}


def test_latest_is_the_last_value_of_each_key_without_tombstones_in_key_order() -> None:
    pipeline = MemoryPipeline()
    for key, value in ((b"b", b"1"), (b"a", b"1"), (b"c", b"1"), (b"b", b"2"), (b"c", None)):
        pipeline.append(Message(STORY_STATE.name, key, value))
    latest = pipeline.latest(STORY_STATE.name)
    assert list(latest.items()) == [(b"a", b"1"), (b"b", b"2")]


def test_run_takes_up_where_it_left_off() -> None:
    def logs(*pushes: tuple[Any, ...]) -> tuple[dict[str, list[Record]], dict[str, dict[str, int]]]:
        pipeline = MemoryPipeline()
        for push in pushes:
            pipeline.push(push)
            pipeline.run()
        return pipeline.topics, pipeline.counts

    one, other = raw_document(natural_id="1"), raw_document(f"{article().body_text} More.", natural_id="2")
    apart, counts = logs((one,), (other,), ())
    together, counted = logs((one, other))
    assert {name: log for name, log in apart.items() if log} == {name: log for name, log in together.items() if log}
    assert counts == counted
    assert sum(counts[TOPOLOGY[0].name].values()) == 2
