"""The edge's pure half: what a stage answers becomes messages, a label and a dead letter."""

import base64
from typing import Any

import pytest

from schemas import Article, DuplicateRecord, Event, Story
from streams.codec import MAX_RECORD_BYTES, Record, decode, header
from streams.deadletter import original_headers
from streams.outcome import Dead, Drop, Ok, Tombstone
from streams.runner import Handled, handle
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.topics import CANDIDATE, CLUSTER_STATE, DUPLICATE, NORMALIZED, RAW, STORY_EVENT, STORY_STATE, UNIQUE
from streams.topology import Stage
from tests.builders import article, candidate, raw_document, record_of

HEADERS = (("ce_time", b"2026-03-01T12:00:00+00:00"), ("ce_documentid", b"doc_1"), ("x-mine", b"\xff"), ("x-mine", b""))
RECORD = record_of(RAW, raw_document(), partition=2, offset=9, headers=HEADERS)


def answer(value: Any, *, stage: Stage | None = None) -> Handled:
    """What becomes of `RECORD` in a stage that answers `value`."""

    def run(_: Event) -> Any:
        return value

    return handle(stage or Stage("sample", RAW, (NORMALIZED,), run), RECORD)


def failing(error: BaseException) -> Handled:
    def run(_: Event) -> Any:
        raise error

    return handle(Stage("sample", RAW, (NORMALIZED,), run), RECORD)


def duplicate() -> DuplicateRecord:
    of = article()
    return DuplicateRecord(
        document_id=of.document_id,
        article_id=of.article_id,
        duplicate_of="art_1",
        matched_article_id="art_1",
        kind="exact",
        similarity=1,
        containment=1,
        method="m",
        version="1",
        first_seen_at=of.first_seen_at,
        article=of,
    )


def test_a_value_goes_to_the_topic_of_its_type_under_its_key() -> None:
    def run(_: Event) -> Ok:
        return Ok((article(), duplicate(), article(language="nb")))

    handled = handle(Stage("sample", RAW, (NORMALIZED, DUPLICATE), run), RECORD)
    found = [(message.topic, message.key) for message in handled.messages]
    assert (handled.label, handled.failed) == ("ok", False)
    assert found == [
        (NORMALIZED.name, b"en"),
        (DUPLICATE.name, article().article_id.encode()),
        (NORMALIZED.name, b"nb"),
    ]
    for message, topic in zip(handled.messages, (NORMALIZED, DUPLICATE, NORMALIZED), strict=True):
        assert not isinstance(decode(topic, Record(topic.name, 0, 0, message.key, message.value)), Dead)


def test_headers_tell_events_of_one_record_apart_and_where_all_came_from() -> None:
    handled = answer(Ok((article(), article())))
    assert [header(message.headers, "ce_id") for message in handled.messages] == ["sample:2-9:0", "sample:2-9:1"]
    for message in handled.messages:
        text = {name: header(message.headers, name) for name, _ in message.headers}
        assert (text["ce_source"], text["ce_origin"]) == ("/pipeline/sample", "2-9")
        assert (text["ce_time"], text["ce_documentid"]) == ("2026-03-01T12:00:00+00:00", "doc_1")
        assert "x-mine" not in text


def test_the_origin_is_handed_on_not_made_anew() -> None:
    record = record_of(NORMALIZED, article(), offset=500, headers=(("ce_origin", b"2-9"),))
    seen: list[Origin] = []

    def run(value: Article, _: object, origin: Origin) -> Ok:
        seen.append(origin)
        return Ok((value,))

    stage = Stage("sample", NORMALIZED, (UNIQUE,), run, CLUSTER_STATE, lambda table: table)
    handled = handle(stage, record, MemoryTable())
    assert seen == [Origin(2, 9)]
    assert header(handled.messages[0].headers, "ce_origin") == "2-9"


def test_a_drop_is_counted_by_reason() -> None:
    assert answer(Drop("redelivered")) == Handled((), "drop:redelivered")


def test_a_tombstone_is_a_key_without_a_value_and_an_event_without_data() -> None:
    stage = Stage("sample", CANDIDATE, (STORY_EVENT, STORY_STATE), lambda _: Ok((Tombstone(Story, "sty_1"),)))
    (message,) = handle(stage, record_of(CANDIDATE, candidate(), headers=HEADERS)).messages
    assert (message.topic, message.key, message.value) == (STORY_STATE.name, b"sty_1", None)
    text = {name: header(message.headers, name) for name, _ in message.headers}
    assert (text["ce_type"], text["ce_subject"], text["ce_partitionkey"]) == (STORY_STATE.name, "sty_1", "sty_1")
    assert (text["ce_id"], text["ce_time"]) == ("sample:0-0:0", "2026-03-01T12:00:00+00:00")
    assert not {"content-type", "ce_dataschema"} & text.keys()


def test_a_dead_letter_is_the_record_and_the_reason() -> None:
    handled = answer(Dead("empty_body", "nothing left"))
    (message,) = handled.messages
    assert (handled.label, handled.failed) == ("dead:empty_body", False)
    assert (message.topic, message.key, message.value) == (RAW.dead_letters, RECORD.key, RECORD.value)
    assert original_headers(message.headers) == HEADERS
    assert header(message.headers, "x-news-error-code") == "empty_body"


@pytest.mark.parametrize("value", [None, b"", b"{}", b"\xff\xfe", b" " * (MAX_RECORD_BYTES + 1)])
def test_what_cannot_be_decoded_never_reaches_the_stage(value: bytes | None) -> None:
    def run(_: Event) -> Ok:
        raise AssertionError("reached")

    handled = handle(Stage("sample", RAW, (NORMALIZED,), run), Record(RAW.name, 0, 0, b"k", value, HEADERS))
    assert handled.label.startswith("dead:")
    assert "stage_error" not in handled.label
    assert not handled.failed
    assert (handled.messages[0].value, original_headers(handled.messages[0].headers)) == (value, HEADERS)


def test_an_exception_is_a_dead_letter_that_says_where() -> None:
    handled = failing(ZeroDivisionError("of what"))
    assert (handled.label, handled.failed) == ("dead:stage_error", True)
    detail = header(handled.messages[0].headers, "__connect.errors.exception.message")
    assert detail is not None
    assert detail.startswith("ZeroDivisionError: of what (run:")


@pytest.mark.parametrize("text", ["x" * 5000, "\ud800", "é" * 400])
def test_whatever_an_exception_says_fits_a_header(text: str) -> None:
    (message,) = failing(RuntimeError(text)).messages
    assert max(len(value) for _, value in message.headers) <= 1500


def test_no_memory_is_a_reason_of_its_own() -> None:
    handled = failing(MemoryError())
    assert (handled.label, handled.failed) == ("dead:memory", True)


@pytest.mark.parametrize("signal", [KeyboardInterrupt, SystemExit])
def test_a_stop_is_no_error_of_the_document(signal: type[BaseException]) -> None:
    with pytest.raises(signal):
        failing(signal())


@pytest.mark.parametrize(
    "outcome",
    [
        None,
        Ok((duplicate(),)),
        Ok((article(title="\ud800"),)),
        Ok((article().model_copy(update={"word_count": 2**70}),)),
    ],
    ids=["no outcome", "a type the stage does not write", "text that is no UTF-8", "a number JSON has no room for"],
)
def test_an_answer_that_cannot_be_sent_parks_the_record(outcome: object) -> None:
    handled = answer(outcome)
    assert (handled.label, handled.failed) == ("dead:stage_error", True)
    assert handled.messages[0].value == RECORD.value


def test_equal_input_gives_equal_bytes() -> None:
    assert answer(Ok((article(),))) == answer(Ok((article(),)))


def test_the_payload_is_what_the_stage_saw() -> None:
    content = base64.b64encode(b"\0\xff").decode()
    seen: list[bytes] = []

    def run(raw: Any) -> Drop:
        seen.append(raw.payload())
        return Drop("repushed")

    document = raw_document(content, content_encoding="base64")
    handle(Stage("sample", RAW, (NORMALIZED,), run), record_of(RAW, document))
    assert seen == [b"\0\xff"]
