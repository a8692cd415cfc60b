"""Values and headers on the wire; whatever arrives is answered, never raised."""

import json
from datetime import UTC, timedelta, timezone

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Article, ExternalId, RawDocument, Source
from streams.codec import MAX_RECORD_BYTES, Record, decode, encode, header, origin_of, raw_message
from streams.outcome import Dead
from streams.state.protocols import Origin
from streams.topics import NORMALIZED, RAW, Topic
from streams.topology import topics
from tests.builders import SEEN_AT, article, raw_document, record_of

# JSON cannot hold lone surrogates; everything else must pass.
TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40)
INSTANTS = st.datetimes(timezones=st.sampled_from([UTC]))
SOURCES = st.builds(Source, id=TEXT.filter(bool), name=st.none() | TEXT)
DOCUMENTS = st.builds(
    RawDocument,
    document_id=TEXT.filter(bool),
    source=SOURCES,
    content=TEXT,
    content_encoding=st.just("text"),
    first_seen_at=INSTANTS,
    fetched_at=st.none() | INSTANTS,
    external_ids=st.lists(st.builds(ExternalId, scheme=TEXT.filter(bool), value=TEXT.filter(bool))).map(tuple),
    **dict.fromkeys(("url", "title", "byline"), st.none() | TEXT),
    media_type=TEXT,
)
HEADERS = st.lists(st.tuples(TEXT, st.binary(max_size=12)), max_size=5).map(tuple)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_what_is_encoded_is_decoded(document: RawDocument) -> None:
    assert decode(RAW, record_of(RAW, document)) == document


@given(DOCUMENTS)
def test_encoding_is_canonical(document: RawDocument) -> None:
    value = encode(document)
    assert encode(RawDocument.model_validate_json(value)) == value
    parsed = json.loads(value)
    assert list(parsed) == sorted(parsed)
    assert None not in parsed.values()


def test_time_is_written_in_utc_and_absent_fields_are_not_written() -> None:
    there = SEEN_AT.astimezone(timezone(timedelta(hours=9)))
    value = encode(raw_document("x", first_seen_at=there, document_id="d"))
    assert value == (
        b'{"content":"x","content_encoding":"text","document_id":"d","external_ids":[],'
        b'"first_seen_at":"2026-03-01T12:00:00Z","media_type":"text/plain","source":{"id":"gazette"}}'
    )


def test_a_stated_offset_of_a_publication_date_is_kept() -> None:
    there = SEEN_AT.astimezone(timezone(timedelta(hours=9)))
    assert b'"published_at":"2026-03-01T21:00:00+09:00"' in encode(article(published_at=there))


@given(st.sampled_from(topics()), st.none() | st.binary(max_size=60), st.none() | st.binary(max_size=200), HEADERS)
def test_any_bytes_are_answered(
    topic: Topic, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...]
) -> None:
    record = Record(topic.name, 0, 7, key, value, headers)
    found = decode(topic, record)
    assert isinstance(found, Dead)
    assert found.reason == ("null_value" if value is None else found.reason)
    assert len(found.detail) <= 500
    assert isinstance(origin_of(record), Origin)


@given(st.sampled_from(topics()), JSON)
def test_any_json_is_answered(topic: Topic, value: object) -> None:
    found = decode(topic, Record(topic.name, 0, 7, b"k", json.dumps(value).encode()))
    assert isinstance(found, Dead)
    assert found.reason in {"bad_json", "bad_schema"}


@given(st.sampled_from(sorted(Article.model_fields)), JSON)
def test_any_value_of_any_field_is_answered(field: str, value: object) -> None:
    whole = orjson.loads(encode(article())) | {field: value}
    found = decode(NORMALIZED, Record(NORMALIZED.name, 0, 0, b"en", json.dumps(whole).encode()))
    assert isinstance(found, Article | Dead)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "null_value"),
        (b"", "bad_json"),
        (b"\xff", "bad_json"),
        (b'{"document_id": "d"', "bad_json"),
        (b"[" * 100_000, "bad_json"),
        (b"{}", "bad_schema"),
        (b"null", "bad_schema"),
        (b" " * (MAX_RECORD_BYTES + 1), "too_large"),
    ],
    ids=["null", "empty", "no utf-8", "cut off", "deep", "no fields", "json null", "large"],
)
def test_the_reason_says_what_is_wrong(value: bytes | None, reason: str) -> None:
    found = decode(RAW, Record(RAW.name, 0, 0, b"d", value))
    assert isinstance(found, Dead)
    assert found.reason == reason


def test_a_schema_error_names_the_field_and_not_the_text() -> None:
    value = orjson.dumps(orjson.loads(encode(article())) | {"revision": 0, "body_text": "secret"})
    found = decode(NORMALIZED, Record(NORMALIZED.name, 0, 0, b"en", value))
    assert found == Dead("bad_schema", "revision: Input should be greater than or equal to 1")


def test_a_value_of_the_largest_size_is_read() -> None:
    value = encode(raw_document("x", document_id="d"))
    padded = value + b" " * (MAX_RECORD_BYTES - len(value))
    assert isinstance(decode(RAW, Record(RAW.name, 0, 0, b"d", padded)), RawDocument)


@pytest.mark.parametrize("key", [None, b"", b"other", b"d\0"])
def test_a_key_that_is_not_that_of_the_value_is_refused(key: bytes | None) -> None:
    value = encode(raw_document("x", document_id="d"))
    found = decode(RAW, Record(RAW.name, 0, 0, key, value))
    assert isinstance(found, Dead)
    assert found.reason == "wrong_key"


def test_the_first_of_equal_headers_counts_and_bad_bytes_are_replaced() -> None:
    headers = (("a", b"1"), ("a", b"2"), ("b", b"\xff"))
    assert [header(headers, name) for name in "abc"] == ["1", "�", None]


@given(st.integers(0, 2**31 - 1), st.integers(0, 2**63 - 1))
def test_an_origin_is_read_back(partition: int, offset: int) -> None:
    origin = Origin(partition, offset)
    assert Origin.parse(str(origin)) == origin
    assert origin_of(Record("t", 1, 2, None, None, (("ce_origin", str(origin).encode()),))) == origin


@pytest.mark.parametrize("text", [b"", b"1", b"1-", b"-1", b"a-b", b"\xff-1"])
def test_a_broken_origin_is_the_place_of_the_record(text: bytes) -> None:
    assert origin_of(Record("t", 1, 2, None, None, (("ce_origin", text),))) == Origin(1, 2)


def test_the_same_document_is_sent_as_the_same_bytes() -> None:
    one, other = raw_message(raw_document()), raw_message(raw_document())
    assert one == other
    assert one.key == raw_document().document_id.encode()


def test_another_content_of_a_document_is_another_event() -> None:
    ids = {header(raw_message(raw_document(text, natural_id="1")).headers, "ce_id") for text in ("a", "b")}
    assert len(ids) == 2
