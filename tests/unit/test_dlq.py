"""Which letters are meant, and what is written down about them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Disposition
from streams.cli.dlq import _lines
from streams.cli.dlq_options import place_of
from streams.cli.output import safe
from streams.codec import Record, header, raw_message
from streams.deadletter import dead_letter, letter_id
from streams.dlq.selection import Letter, Selection, letter_of, source_of
from streams.dlq.stats import Stats
from streams.dlq.verdict import Decree, discarded, disposition_message, intended, noted, placed, sending
from streams.edge.dispositions import settled
from streams.edge.reader import partition_for
from streams.errors import UsageError
from streams.outcome import Dead, DeadReason
from streams.topics import CANDIDATE, RAW
from streams.topology import TOPOLOGY
from tests.builders import SEEN_AT, candidate, raw_document, record_of

DECREE = Decree(by="ilse", why="the extractor was mended", at=SEEN_AT)
T0_MS = 1_772_000_000_000


def letter(
    reason: DeadReason = "deadline",
    *,
    stage: str = "normalize",
    minutes: int = 0,
    record: Record | None = None,
    offset: int = 7,
    disposition: Disposition | None = None,
) -> Letter:
    message = raw_message(raw_document())
    parked = record or Record(RAW.name, 1, 3, message.key, message.value, message.headers, T0_MS + minutes * 60_000)
    sent = dead_letter(RAW, stage, parked, Dead(reason, "why"))
    read = Record(sent.topic, 1, offset, sent.key, sent.value, sent.headers, sent.timestamp_ms or 0)
    return letter_of(read, disposition)


def test_a_selection_that_says_nothing_takes_all_that_is_open() -> None:
    assert Selection().takes(letter())
    assert not Selection().takes(letter(disposition=discarded(letter(), DECREE)))
    assert Selection(with_settled=True).takes(letter(disposition=discarded(letter(), DECREE)))
    way = sending(letter(), 4, 3)
    assert way is not None
    assert Selection().takes(letter(disposition=intended(way, DECREE, (0, 0, 0, 0))))


def test_each_field_of_a_selection_must_fit() -> None:
    one = letter(minutes=5)
    fitting = Selection(
        reasons=frozenset({"deadline", "memory"}),
        source="gazette",
        document=one.document_id,
        since=one.at,
        until=one.at + timedelta(milliseconds=1),
        partition=1,
        offsets=(7, 7),
    )
    assert fitting.takes(one)
    for changed in (
        {"reasons": frozenset({"memory"})},
        {"source": "herald"},
        {"document": "doc_1"},
        {"since": one.at + timedelta(milliseconds=1)},
        {"until": one.at},
        {"partition": 0},
        {"offsets": (8, 9)},
    ):
        fields = {name: getattr(fitting, name) for name in Selection.__dataclass_fields__} | changed
        assert not Selection(**fields).takes(one), changed


def test_stages_choose_topics() -> None:
    assert Selection().topics() == tuple(stage.reads.dead_letters for stage in TOPOLOGY)
    assert Selection(stages=frozenset({"cluster"})).topics() == (CANDIDATE.dead_letters,)


def test_the_source_is_found_in_headers_or_in_the_value_of_any_topic() -> None:
    assert source_of(letter().record) == "gazette"
    assert source_of(record_of(RAW, raw_document())) == "gazette"
    assert source_of(record_of(CANDIDATE, candidate(source_id="herald"))) == "herald"


@given(st.binary(max_size=40) | st.none())
def test_the_source_of_garbage_is_none(value: bytes | None) -> None:
    assert source_of(Record(RAW.name, 0, 0, None, value)) is None


@pytest.mark.parametrize("value", [b"[]", b'{"source": 5}', b'{"source": {"id": [1]}}', b'"text"', b"1e999", b"["])
def test_the_source_of_odd_json_is_none(value: bytes) -> None:
    assert source_of(Record(RAW.name, 0, 0, None, value)) is None


def test_a_letter_goes_back_to_the_partition_it_came_from_or_to_that_of_its_key() -> None:
    way = sending(letter(), 4, 3)
    assert way is not None
    assert (way.message.topic, way.partition) == (RAW.name, 1)
    fewer = sending(letter(), 1, 3)
    assert fewer is not None
    assert fewer.partition == partition_for(letter().record.key or b"", 1)


def test_what_has_been_round_too_often_stays() -> None:
    def round_trip(record: Record, count: int) -> Letter:
        for _ in range(count):
            way = sending(letter(record=record), 4, 9)
            assert way is not None
            sent = way.message
            record = Record(RAW.name, 1, record.offset + 1, sent.key, sent.value, sent.headers, record.timestamp_ms)
        return letter(record=record)

    message = raw_message(raw_document())
    fresh = Record(RAW.name, 1, 3, message.key, message.value, message.headers, T0_MS)
    assert sending(round_trip(fresh, 2), 4, 3) is not None
    assert sending(round_trip(fresh, 3), 4, 3) is None


def test_the_notes_of_a_redrive_say_where_to_look_and_where_it_is() -> None:
    way = sending(letter(), 4, 3)
    assert way is not None
    before = intended(way, DECREE, (10, 20, 30, 40))
    assert (before.state, before.sent_partition, before.sent_from, before.redrive_count) == ("redriving", 1, 20, 1)
    assert settled(way.letter.record, {before.letter_id: before}) is None
    after = placed(before, 1, 25)
    assert (after.state, after.sent_offset, after.by, after.why) == ("redriven", 25, DECREE.by, DECREE.why)
    assert settled(way.letter.record, {after.letter_id: after}) == "redriven"
    again = noted(letter(offset=8), DECREE, 1, 25)
    assert again.record_id == after.record_id
    assert again.letter_id != after.letter_id


def test_a_note_is_a_record_of_its_contract() -> None:
    note = discarded(letter(), DECREE)
    message = disposition_message(note)
    assert Disposition.model_validate_json(message.value or b"") == note
    assert message.key == note.letter_id.encode() == letter_id(letter().record).encode()
    assert header(message.headers, "ce_subject") == note.letter_id


def test_letters_are_counted_by_reason_hour_and_state() -> None:
    stats = Stats()
    for each in (letter(), letter(minutes=1), letter("memory", minutes=90, stage="enrich")):
        stats.count(each)
    assert stats.as_json() == {
        "letters": 3,
        "states": {"open": 3},
        "reasons": [
            {"stage": "normalize", "reason": "deadline", "letters": 2},
            {"stage": "enrich", "reason": "memory", "letters": 1},
        ],
        "hours": {"2026-02-25T06:00Z": 2, "2026-02-25T07:00Z": 1},
    }


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(-(2**63), 2**63 - 1))
def test_any_letter_can_be_shown_and_steers_no_terminal(key: bytes, value: bytes, timestamp_ms: int) -> None:
    record = Record(RAW.name, 0, 0, key, value, (("h\x1b", value),), timestamp_ms)
    shown = "\n".join(safe(line, lines=True) for line in _lines(letter(record=record)))
    assert all(character.isprintable() or character in "\n\t" for character in shown)


def test_a_letter_is_named_by_topic_partition_and_offset() -> None:
    assert (
        place_of("raw:0:17")
        == place_of("raw.dlq:0:17")
        == place_of("news.raw.v1.dlq:0:17")
        == (RAW.dead_letters, 0, 17)
    )
    for text in ("raw", "raw:0", "raw:0:x", "raw:-1:0", "a b:0:0", "nothing:0:0", "raw:0:" + "9" * 30):
        with pytest.raises(UsageError):
            place_of(text)
