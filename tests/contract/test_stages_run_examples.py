"""Each valid example of a topic that a stage reads goes through that stage, twice, with equal results."""

import re
from datetime import datetime
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas import Event, RawDocument
from schemas.registry import contract_of, json_schema
from streams.codec import Headers, Message, Record, decode, encode, raw_message
from streams.memory import StageRun
from streams.outcome import Dead
from streams.runner import Handled
from streams.topics import RAW
from streams.topology import TOPOLOGY, Stage, stage_named
from streams.topology import topics as public_topics
from tests.contract.corpus import named, of

ABSOLUTE_URI = re.compile(r"^[a-z][a-z0-9+.-]*:.+")
EXTENSIONS = {"ce_partitionkey", "ce_origin", "ce_documentid"}
CORE = {"ce_specversion", "ce_id", "ce_type", "ce_source", "ce_subject", "ce_time", "ce_dataschema", "content-type"}


CASES = [(stage.name, path) for stage in TOPOLOGY for path in of(contract_of(stage.reads.model), "valid")]


def record_from(stage: Stage, path: Path) -> Record:
    """The example as the worker would read it, with the headers of whoever writes the topic."""
    value = stage.reads.model.model_validate_json(path.read_bytes())
    key = stage.reads.key(value).encode()
    headers: Headers = (
        ("ce_time", b"2026-03-02T06:30:00+00:00"),
        ("ce_documentid", _document_id(value)),
        ("ce_origin", b"3-41"),
    )
    if isinstance(value, RawDocument):
        headers = raw_message(value).headers
    return Record(stage.reads.name, 3, 41, key, encode(value), headers)


def _document_id(value: Event) -> bytes:
    return str(value.model_dump()["document_id"]).encode()


def run(stage: Stage, record: Record) -> tuple[Handled, list[tuple[bytes, bytes]]]:
    fresh = StageRun(stage)
    return fresh.step(record), list(fresh.table.items())


@pytest.mark.parametrize(("name", "path"), CASES, ids=named)
def test_an_example_is_processed_and_twice_the_same(name: str, path: Path) -> None:
    stage = stage_named(name)
    record = record_from(stage, path)
    first, second = run(stage, record), run(stage, record)
    assert first == second
    handled, table = first
    assert (handled.label, handled.failed) == ("ok", False)
    assert bool(table) == (stage.table is not None)
    assert {message.topic for message in handled.messages} <= {topic.name for topic in stage.writes}


@pytest.mark.parametrize(("name", "path"), CASES, ids=named)
def test_outputs_satisfy_model_schema_and_cloudevents(name: str, path: Path) -> None:
    stage = stage_named(name)
    handled, _ = run(stage, record_from(stage, path))
    assert handled.messages
    for message in handled.messages:
        assert_published(message)


@pytest.mark.parametrize("path", of(contract_of(RAW.model), "valid"), ids=named)
def test_what_a_producer_sends_satisfies_model_schema_and_cloudevents(path: Path) -> None:
    assert_published(raw_message(RawDocument.model_validate_json(path.read_bytes())))


@pytest.mark.parametrize(("name", "path"), [case for case in CASES if stage_named(case[0]).table], ids=named)
def test_a_single_writer_drops_what_it_has_seen(name: str, path: Path) -> None:
    stage = stage_named(name)
    record = record_from(stage, path)
    stage_run = StageRun(stage)
    stage_run.step(record)
    before = list(stage_run.table.items())
    again = stage_run.step(record)
    assert (again.messages, again.label) == ((), "drop:redelivered")
    assert list(stage_run.table.items()) == before


def assert_published(message: Message) -> None:
    topic = {topic.name: topic for topic in public_topics()}[message.topic]
    assert message.value is not None
    value = decode(topic, Record(message.topic, 0, 0, message.key, message.value, message.headers))
    assert not isinstance(value, Dead), value
    assert encode(value) == message.value
    Draft202012Validator(json_schema(contract_of(topic.model))).validate(orjson.loads(message.value))
    assert_cloudevents(message.headers, topic.name, topic.dataschema)


def assert_cloudevents(headers: Headers, event_type: str, dataschema: str) -> None:
    """Kafka binding, binary mode: each name once, none empty, names and instants as the specification has them."""
    text = {name: value.decode() for name, value in headers}
    assert len(text) == len(headers)
    assert all(text.values())
    assert CORE <= text.keys() <= CORE | EXTENSIONS
    assert all(re.fullmatch(r"ce_[a-z0-9]{1,20}", name) for name in text.keys() - {"content-type"})
    assert (text["ce_specversion"], text["content-type"]) == ("1.0", "application/json")
    assert (text["ce_type"], text["ce_dataschema"]) == (event_type, dataschema)
    assert ABSOLUTE_URI.match(text["ce_dataschema"])
    assert datetime.fromisoformat(text["ce_time"]).tzinfo is not None
