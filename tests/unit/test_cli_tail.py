"""Topics by short names, and records in a line."""

import orjson
import pytest

from streams.cli.names import full_name, is_table, topic_named
from streams.cli.tail import summary
from streams.codec import Record
from streams.deadletter import dead_letter
from streams.errors import UsageError
from streams.outcome import Dead
from streams.query import value_of
from streams.topics import RAW, STORY_EVENT, STORY_STATE
from streams.topology import topics


def test_every_topic_has_a_short_name_and_its_own() -> None:
    assert full_name("raw") == RAW.name
    assert full_name("raw.dlq") == RAW.dead_letters
    assert topic_named("events") is topic_named("event") is STORY_EVENT
    assert topic_named("stories") is STORY_STATE
    for topic in topics():
        assert topic_named(topic.name) is topic
        assert full_name(topic.dead_letters) == topic.dead_letters


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"no topic 'row'; there are raw, normalized, .* stories"):
        full_name("row")


def test_the_face_of_a_table_is_told_from_a_log() -> None:
    assert is_table("stories")
    assert not is_table("events")
    assert not is_table("stories.dlq")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"title": "A bridge"}, "A bridge"),
        ({"article": {"title": "A bridge"}, "duplicate_of": "art_1"}, "art_1 A bridge"),
        ({"filename": "a.txt", "content": "long"}, "a.txt"),
        ({"content": "x" * 500}, "x" * 100),
        ({"body_text": "It rains. It pours."}, "It rains."),
        ({"article": {"body_text": "It rains. It pours.", "title": None}}, "It rains."),
        ({"kind": "merged", "merged_into": "sty_2"}, "merged sty_2"),
        ({}, "(no title)"),
        ({"status": "active", "article_count": 3, "title": "T"}, "active 3 articles T"),
        ([1], "[1]"),
    ],
)
def test_a_record_in_a_few_words(value: object, said: str) -> None:
    record = Record("t", 0, 0, b"k", orjson.dumps(value))
    assert summary(record, value_of(record)) == said


def test_a_deletion_and_a_dead_letter_say_so() -> None:
    gone = Record("t", 0, 0, b"k", None)
    assert summary(gone, value_of(gone)) == "(deleted)"
    message = dead_letter(RAW, "normalize", gone, Dead("null_value", "nothing"))
    parked = Record(message.topic, 0, 0, message.key, message.value, message.headers)
    assert summary(parked, value_of(parked)) == "null_value in normalize: nothing"
