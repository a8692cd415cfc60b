"""A dead letter goes back byte for byte, however often it goes round."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.codec import Headers, Record, encode, header
from streams.deadletter import (
    ERROR_HEADERS,
    dead_letter,
    document_of,
    original_headers,
    read_dead_letter,
    redriven,
)
from streams.outcome import Dead
from streams.topics import RAW, Topic
from streams.topology import topics

NAMES = st.text(max_size=12).filter(lambda name: not name.startswith(ERROR_HEADERS))
HEADERS = st.lists(st.tuples(NAMES, st.binary(max_size=12)), max_size=6).map(tuple)
ANY_HEADERS = st.lists(
    st.tuples(
        st.text(max_size=12)
        | st.sampled_from(
            (
                "__connect.errors.partition",
                "__connect.errors.offset",
                "__connect.errors.topic",
                "x-news-redrive-count",
                "x-news-error-code",
                "x-news-first-failed-at",
                "x-news-document",
                "ce_documentid",
            )
        ),
        st.binary(max_size=12) | st.integers().map(lambda number: str(number).encode()),
    ),
    max_size=8,
).map(tuple)
BYTES = st.none() | st.binary(max_size=30)
RECORDS = st.builds(
    Record,
    topic=st.just(RAW.name),
    partition=st.integers(0, 99),
    offset=st.integers(0, 2**40),
    key=BYTES,
    value=BYTES,
    headers=HEADERS,
    timestamp_ms=st.integers(0, 2**42),
)


def back(record: Record, topic: Topic = RAW) -> Record:
    """`record` parked and read from its dead-letter topic."""
    message = dead_letter(topic, "normalize", record, Dead("bad_json", "at column 1 \ud800"))
    assert message.topic == topic.dead_letters
    return Record(message.topic, 0, 5, message.key, message.value, message.headers, message.timestamp_ms or 0)


@given(RECORDS)
def test_key_value_time_and_headers_come_back_byte_for_byte(record: Record) -> None:
    parked = back(record)
    assert (parked.key, parked.value, parked.timestamp_ms) == (record.key, record.value, record.timestamp_ms)
    assert original_headers(parked.headers) == record.headers


@given(RECORDS)
def test_a_second_round_leaves_nothing_of_the_first(record: Record) -> None:
    once = back(record)
    again = back(Record(record.topic, record.partition, record.offset, once.key, once.value, once.headers))
    assert again.headers == once.headers


@given(RECORDS, st.sampled_from(topics()))
def test_the_model_shows_where_it_stood_and_why(record: Record, topic: Topic) -> None:
    letter = read_dead_letter(back(record, topic))
    assert (letter.topic, letter.partition, letter.offset) == (topic.name, record.partition, record.offset)
    assert (letter.stage, letter.reason, letter.detail) == ("normalize", "bad_json", "at column 1 ?")
    assert (letter.key is None, letter.value is None) == (record.key is None, record.value is None)
    assert base64.b64decode(letter.value or "") == (record.value or b"")
    decoded: Headers = tuple((name, base64.b64decode(value)) for name, value in letter.headers)
    assert decoded == record.headers


@given(RECORDS)
def test_what_is_sent_again_is_the_record_with_its_history(record: Record) -> None:
    parked = back(record)
    again = redriven(parked, RAW.name)
    assert (again.topic, again.key, again.value, again.timestamp_ms) == (
        RAW.name,
        record.key,
        record.value,
        record.timestamp_ms,
    )
    assert original_headers(again.headers) == record.headers
    assert not [name for name, _ in again.headers if name.startswith("__connect.errors.")]
    assert header(again.headers, "x-news-redriven-from") == f"{RAW.dead_letters}:0:5"


@given(RECORDS, st.integers(1, 4))
def test_history_is_kept_and_counted_over_redrives(record: Record, rounds: int) -> None:
    parked, document = back(record), document_of(record)
    first = read_dead_letter(parked).first_failed_at
    assert first == datetime.fromtimestamp(record.timestamp_ms / 1000, UTC)
    for number in range(1, rounds + 1):
        again = redriven(parked, RAW.name)
        sent = Record(RAW.name, 3, 1000 + number, again.key, again.value, again.headers, 2**41 + number)
        assert document_of(sent) == document
        parked = back(sent)
        letter = read_dead_letter(parked)
        assert (letter.redrive_count, letter.first_failed_at) == (number, first)
        assert header(parked.headers, "x-news-attempt") == str(number + 1)
        assert header(parked.headers, "x-news-redriven-from") is None
        assert original_headers(parked.headers) == record.headers


@given(ANY_HEADERS, BYTES, BYTES, st.integers(-(2**63), 2**63 - 1))
def test_whatever_headers_come_from_outside_parking_and_redriving_work(
    headers: Headers, key: bytes | None, value: bytes | None, timestamp_ms: int
) -> None:
    record = Record(RAW.name, 1, 2, key, value, headers, timestamp_ms)
    message = dead_letter(RAW, "normalize", record, Dead("bad_json"))
    parked = Record(message.topic, 0, 5, key, value, message.headers, timestamp_ms)
    assert read_dead_letter(parked).offset == 2
    assert redriven(parked, RAW.name).value == value


def test_what_was_raised_is_told_too() -> None:
    dead = Dead("stage_error", "KeyError: 1 (run:5)", "builtins.KeyError", "stage.py:5 run")
    message = dead_letter(RAW, "normalize", Record(RAW.name, 0, 0, None, None), dead)
    letter = read_dead_letter(Record(message.topic, 0, 0, None, None, message.headers))
    assert (letter.exception, letter.trace) == (dead.exception, dead.trace)


def test_the_redrive_count_survives_and_is_no_header_of_the_original() -> None:
    record = Record(RAW.name, 0, 0, b"k", b"v", (("a", b"1"), ("x-news-redrive-count", b"3")))
    parked = back(record)
    assert read_dead_letter(parked).redrive_count == 3
    assert original_headers(parked.headers) == (("a", b"1"),)


@given(ANY_HEADERS, BYTES, BYTES)
def test_anything_in_a_dead_letter_topic_can_be_shown(headers: Headers, key: bytes | None, value: bytes | None) -> None:
    letter = read_dead_letter(Record(RAW.dead_letters, 1, 2, key, value, headers))
    assert encode(letter)


@pytest.mark.parametrize("number", [b"2147483648", b"9" * 30, b"-1", b"1.5", b"", "٣".encode()])
def test_a_number_that_is_none_is_guessed_too(number: bytes) -> None:
    headers = (("__connect.errors.partition", number), ("x-news-redrive-count", number))
    letter = read_dead_letter(Record(RAW.dead_letters, 1, 2, None, None, headers))
    assert (letter.partition, letter.redrive_count) == (1, 0)


def test_what_the_headers_do_not_say_is_guessed_from_the_place() -> None:
    letter = read_dead_letter(Record(RAW.dead_letters, 1, 2, None, None))
    assert (letter.topic, letter.partition, letter.offset) == (RAW.name, 1, 2)
    assert (letter.stage, letter.reason, letter.redrive_count) == ("unknown", "unknown", 0)
