"""One trace from a push to the stories: carried in headers, always the same bytes, exported as spans."""

import sys
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id

from streams.codec import Record, header, raw_message
from streams.errors import UsageError
from streams.memory import MemoryPipeline
from streams.outcome import Dead
from streams.settings import Settings
from streams.telemetry.spans import Spans, open_spans
from streams.topics import DUPLICATE, RAW, STORY_EVENT, STORY_STATE
from streams.topology import TOPOLOGY, topics
from streams.traceparent import TRACEPARENT, Context, context_of, in_trace, parse, pushed, stage_context
from tests.topology.corpus import documents

TEXT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
CALLER = Context("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7", sampled=True)
IDS = [f"doc_{number}:hash" for number in range(2000)]


def test_a_header_is_read_and_written() -> None:
    assert parse(TEXT) == CALLER
    assert str(CALLER) == TEXT
    assert parse(TEXT[:-1] + "0") == Context(CALLER.trace_id, CALLER.span_id, sampled=False)


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        TEXT.upper(),
        TEXT + "-more",
        TEXT + "\n",
        TEXT.replace("00-", "ff-", 1),
        "00-" + 32 * "0" + "-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-" + 16 * "0" + "-01",
        TEXT[:-1],
        TEXT.replace("4", "g"),
    ],
)
def test_a_malformed_header_is_none(text: str | None) -> None:
    assert parse(text) is None


def test_a_later_version_is_read_as_far_as_we_know_it() -> None:
    assert parse("01" + TEXT[2:] + "-what-the-future-brings") == CALLER


@given(st.text(max_size=80))
def test_no_text_is_too_odd_to_be_read(text: str) -> None:
    found = parse(text)
    assert found is None or parse(str(found)) == found


def test_a_push_goes_on_with_the_trace_of_its_caller() -> None:
    found = pushed("doc_1:hash", CALLER, ratio=0)
    assert found is not None
    assert (found.trace_id, found.sampled) == (CALLER.trace_id, True)
    assert found.span_id not in {CALLER.span_id, getattr(pushed("doc_2:hash", CALLER, 0), "span_id", None)}


def test_a_push_begins_as_many_traces_as_it_is_told_to_always_the_same() -> None:
    half = {ce_id for ce_id in IDS if pushed(ce_id, None, 0.5) is not None}
    assert 900 < len(half) < 1100
    assert half == {ce_id for ce_id in IDS if pushed(ce_id, None, 0.5) is not None}
    assert half > {ce_id for ce_id in IDS if pushed(ce_id, None, 0.1) is not None}
    assert not [ce_id for ce_id in IDS if pushed(ce_id, None, 0) is not None]
    assert all(pushed(ce_id, None, 1) for ce_id in IDS)


def record(*headers: tuple[str, bytes], partition: int = 0, offset: int = 7) -> Record:
    return Record("topic", partition, offset, b"key", b"value", ((TRACEPARENT, TEXT.encode()), *headers))


def test_copies_of_a_record_have_one_span_and_replays_others() -> None:
    origin = ("ce_origin", b"3-9")
    one = stage_context("dedupe", record(origin), CALLER)
    assert stage_context("dedupe", record(origin, partition=2, offset=1), CALLER) == one
    assert stage_context("dedupe", record(origin, ("ce_replay", b"rpl_1")), CALLER) != one
    assert stage_context("enrich", record(origin), CALLER) != one


def run(context: Context | None) -> MemoryPipeline:
    """The corpus through the whole topology, each document written by the span `context`."""
    pipeline = MemoryPipeline()
    for document in documents():
        message = raw_message(document)
        pipeline.append(message if context is None else in_trace(message, context))
    pipeline.run()
    return pipeline


@pytest.fixture(scope="module")
def traced_run() -> MemoryPipeline:
    return run(CALLER)


def test_the_trace_is_in_every_record_that_comes_of_it(traced_run: MemoryPipeline) -> None:
    for topic in [*topics(), RAW]:
        found = [context_of(each) for each in traced_run.topics[topic.name]]
        assert found, topic.name
        assert {context and context.trace_id for context in found} == {CALLER.trace_id}, topic.name
    for name in (DUPLICATE.name, STORY_EVENT.name, STORY_STATE.name):
        assert CALLER.span_id not in {header(each.headers, TRACEPARENT) for each in traced_run.topics[name]}


def test_a_dead_letter_keeps_the_header_as_it_came(traced_run: MemoryPipeline) -> None:
    letters = traced_run.topics[RAW.dead_letters]
    assert {header(letter.headers, TRACEPARENT) for letter in letters} == {TEXT}


def test_the_same_log_gives_the_same_bytes_traced_or_not(traced_run: MemoryPipeline) -> None:
    assert run(CALLER).topics == traced_run.topics


def test_without_a_trace_no_record_has_the_header_and_all_else_is_the_same(traced_run: MemoryPipeline) -> None:
    bare = run(None)
    for name, log in traced_run.topics.items():
        without = [tuple(each for each in record.headers if each[0] != TRACEPARENT) for record in log]
        assert [record.headers for record in bare.topics[name]] == without
        assert [(each.key, each.value) for each in bare.topics[name]] == [(each.key, each.value) for each in log]


@pytest.fixture
def exported() -> Iterator[tuple[Spans, InMemorySpanExporter]]:
    exporter = InMemorySpanExporter()
    processor = SimpleSpanProcessor(exporter)
    yield Spans(processor), exporter
    processor.shutdown()


def test_spans_have_the_ids_of_the_headers_and_the_right_parents(
    traced_run: MemoryPipeline, exported: tuple[Spans, InMemorySpanExporter]
) -> None:
    spans, exporter = exported
    for stage in TOPOLOGY:
        for each in traced_run.topics[stage.reads.name]:
            spans.stage(stage.name, each, "ok", 0.25)
    found = {format_span_id(span.context.span_id): span for span in exporter.get_finished_spans() if span.context}
    event = context_of(traced_run.topics[STORY_EVENT.name][-1])
    way, at = [], event.span_id if event else ""
    while at in found:
        span = found[at]
        assert format_trace_id(span.context.trace_id) == CALLER.trace_id
        assert (span.end_time or 0) - (span.start_time or 0) == 250_000_000
        way.append(span.name)
        at = format_span_id(span.parent.span_id) if span.parent else ""
    assert way == ["cluster", "enrich", "dedupe", "normalize"]
    assert at == CALLER.span_id


def test_a_parked_record_is_an_error_and_says_which_it_was(exported: tuple[Spans, InMemorySpanExporter]) -> None:
    spans, exporter = exported
    spans.stage("normalize", record(("ce_documentid", b"doc_1")), f"dead:{Dead('bad_json').reason}", 0)
    (span,) = exporter.get_finished_spans()
    assert span.status.status_code is StatusCode.ERROR
    assert span.attributes is not None
    assert span.attributes["newsloom.document"] == "doc_1"
    assert (span.attributes["newsloom.outcome"], span.attributes["messaging.kafka.offset"]) == ("dead:bad_json", 7)


def test_a_trace_that_is_not_sampled_has_no_spans(exported: tuple[Spans, InMemorySpanExporter]) -> None:
    spans, exporter = exported
    quiet = Record("topic", 0, 0, b"key", b"value", ((TRACEPARENT, TEXT[:-1].encode() + b"0"),))
    spans.stage("normalize", quiet, "ok", 0)
    spans.stage("normalize", Record("topic", 0, 0, b"key", b"value"), "ok", 0)
    spans.push(Context(CALLER.trace_id, CALLER.span_id, sampled=False), None, "doc_1", 0)
    assert exporter.get_finished_spans() == ()


def test_without_an_endpoint_there_are_no_spans() -> None:
    with open_spans(Settings()) as spans:
        assert spans is None


def test_an_endpoint_without_opentelemetry_is_an_error_of_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with (
        pytest.raises(UsageError, match="needs the extra `otel`"),
        open_spans(Settings(otlp_endpoint="http://127.0.0.1:9/v1/traces")),
    ):
        pass


def test_a_collector_that_is_not_there_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.telemetry.spans._FLUSH_S", 0.1)
    with open_spans(Settings(otlp_endpoint="http://127.0.0.1:9/v1/traces")) as spans:
        assert spans is not None
        begun = time.monotonic()
        spans.push(CALLER, None, "doc_1", 0.1)
    assert time.monotonic() - begun < 5
