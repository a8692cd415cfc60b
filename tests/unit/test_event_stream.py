"""Server-Sent Events: what is framed is parsed, however the bytes are cut; and records as CloudEvents."""

import base64
from itertools import pairwise

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.codec import Headers, Record
from streams.errors import InputError
from streams.sdk.envelope import Envelope
from streams.sdk.event_stream import MAX_EVENT, EventParser, ServerSent, comment, frame
from streams.sdk.offered import OFFERED
from streams.sdk.structured import structured

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def parsed(data: bytes, *cuts: int) -> list[ServerSent]:
    parser = EventParser()
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    pieces = [data[begin:end] for begin, end in pairwise(places)]
    return [sent for piece in pieces for sent in parser.feed(piece)]


STREAM = b"".join(
    (
        frame("a", retry_ms=500),
        frame("b", event="story", data='{"title":"Fähre"}'.encode()),
        comment(),
        frame("c"),
        frame(event="gap", data=b"{}"),
    )
)
EVENTS = [
    ServerSent("a", "message", ""),
    ServerSent("b", "story", '{"title":"Fähre"}'),
    ServerSent("c", "message", ""),
    ServerSent("c", "gap", "{}"),
]


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_what_is_framed_is_parsed_however_it_is_cut(cuts: list[int]) -> None:
    assert parsed(STREAM, *cuts) == EVENTS


@given(st.lists(st.integers(0, 10_000), max_size=20), st.sampled_from([b"\r\n", b"\r"]))
def test_any_line_break_will_do(cuts: list[int], line_break: bytes) -> None:
    # A lone carriage return at the end of all is only known to be one once more comes.
    assert parsed(STREAM.replace(b"\n", line_break) + b":", *cuts) == EVENTS


def test_an_event_that_breaks_off_does_not_count() -> None:
    parser = EventParser("before")
    assert list(parser.feed(b"id: later\ndata: half")) == []
    assert parser.last_id == "before"


def test_fields_are_read_as_the_standard_has_it() -> None:
    text = b"\xef\xbb\xbfdata:one\ndata:  two\nid: x\0y\nretry: soon\nnonsense\nevent\n\n"
    assert parsed(text) == [ServerSent("", "message", "one\n two")]


def test_an_endless_event_is_refused() -> None:
    with pytest.raises(InputError):
        parsed((b"data: " + b"x" * (MAX_EVENT // 32) + b"\n") * 40, *range(0, 2 * MAX_EVENT, MAX_EVENT // 16))


def record(value: bytes | None, *headers: tuple[str, bytes]) -> Record:
    known: Headers = (("ce_id", b"cluster:0:1:0"), ("ce_origin", b"0:1"), *headers)
    return Record("lane.news.story.state.v1", 2, 7, b"sty_1", value, known, 1_772_366_400_123)


@pytest.mark.parametrize(("header", "found"), [(TRACEPARENT, TRACEPARENT), ("nonsense", None)])
def test_an_event_names_the_span_that_wrote_it(header: str, found: str | None) -> None:
    written = record(b"{}", ("traceparent", header.encode()))
    assert orjson.loads(structured(OFFERED["stories"], written, data=False)).get("traceparent") == found
    assert Envelope.of(written.headers).traceparent == found


def test_a_record_is_a_cloud_event_in_structured_mode() -> None:
    event = orjson.loads(structured(OFFERED["stories"], record(b'{"title": "A\\nB"}', ("ce_type", b"news.story"))))
    assert event == {
        "specversion": "1.0",
        "id": "cluster:0:1:0",
        "source": "/topics/lane.news.story.state.v1",
        "type": "news.story",
        "origin": "0:1",
        "topic": "lane.news.story.state.v1",
        "partition": 2,
        "offset": 7,
        "recordedtime": "2026-03-01T12:00:00.123Z",
        "datacontenttype": "application/json",
        "data": {"title": "A\nB"},
    }


@pytest.mark.parametrize("value", [b"\xff\n\ndata: forged\n\n", b"[1]", b'"text"', b"{}\n\nid: forged\n\n"])
def test_no_value_breaks_the_line(value: bytes) -> None:
    line = structured(OFFERED["stories"], record(value, ("ce_subject", b"a\n\ndata: forged")))
    assert b"\n" not in line
    event = orjson.loads(line)
    assert event["subject"] == "a\n\ndata: forged"
    assert "data" in event or base64.b64decode(event["data_base64"]) == value


def test_a_tombstone_and_an_event_on_request_have_no_data() -> None:
    assert "data" not in orjson.loads(structured(OFFERED["stories"], record(None)))
    assert "data" not in orjson.loads(structured(OFFERED["stories"], record(b"{}"), data=False))


def test_a_header_does_not_replace_the_place() -> None:
    event = orjson.loads(structured(OFFERED["stories"], record(b"{}", ("ce_offset", b"99"))))
    assert event["offset"] == 7
