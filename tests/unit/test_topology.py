"""The flow is a tree from the raw topic, each topic has one writer, and no document gets lost in it."""

import pytest

from streams.topics import CANDIDATE, DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, STORY_STATE, UNIQUE
from streams.topology import TERMINAL, TOPOLOGY, Stage, stage_named, topics


def test_the_flow_is_what_the_diagram_says() -> None:
    assert [(stage.name, stage.reads, stage.writes) for stage in TOPOLOGY] == [
        ("normalize", RAW, (NORMALIZED,)),
        ("dedupe", NORMALIZED, (UNIQUE, DUPLICATE)),
        ("enrich", UNIQUE, (ENRICHED, CANDIDATE)),
        ("cluster", CANDIDATE, (STORY_EVENT, STORY_STATE)),
    ]


def test_a_topic_is_read_after_it_is_written_and_has_one_writer_and_one_reader() -> None:
    written = {RAW}
    for stage in TOPOLOGY:
        assert stage.reads in written
        assert not written.intersection(stage.writes)
        written.update(stage.writes)
    reads = [stage.reads for stage in TOPOLOGY]
    assert len(set(reads)) == len(reads)


def test_a_document_ends_in_a_terminal_topic_or_goes_on() -> None:
    """Stories are about many documents; every other topic has one record a document."""
    read = {stage.reads for stage in TOPOLOGY}
    ends = {topic for stage in TOPOLOGY for topic in stage.writes} - read
    assert ends - set(TERMINAL) == {STORY_EVENT, STORY_STATE}
    assert set(TERMINAL) <= ends


def test_topics_are_listed_once_in_the_order_of_the_flow() -> None:
    assert topics() == (RAW, NORMALIZED, UNIQUE, DUPLICATE, ENRICHED, CANDIDATE, STORY_EVENT, STORY_STATE)


@pytest.mark.parametrize("stage", TOPOLOGY, ids=lambda stage: stage.name)
def test_state_and_table_come_together_and_single_writers_read_one_shard_a_language(stage: Stage) -> None:
    assert (stage.state is None) == (stage.table is None)
    assert (stage.table is not None) == (stage.reads in {NORMALIZED, CANDIDATE})


def test_state_topics_are_nobody_elses() -> None:
    tables = [stage.table for stage in TOPOLOGY if stage.table]
    assert len(set(tables)) == len(tables)
    assert not {table.name for table in tables} & {topic.name for topic in topics()}


def test_a_stage_is_found_by_name() -> None:
    assert stage_named("dedupe") is TOPOLOGY[1]
    with pytest.raises(KeyError):
        stage_named("weave")
