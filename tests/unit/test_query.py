"""Which records `tail` shows."""

import orjson
import pytest

from streams.codec import Record
from streams.errors import UsageError
from streams.query import Query, value_of


def record(value: bytes | None, **headers: str) -> Record:
    return Record("t", 0, 7, b"key-1", value, tuple((name, text.encode()) for name, text in headers.items()))


ARTICLE = record(
    orjson.dumps(
        {
            "document_id": "doc_1",
            "article_id": "art_1",
            "language": "en",
            "source": {"id": "gazette"},
            "word_count": 12,
            "authors": [{"name": "A"}, {"name": "B"}],
        }
    ),
    ce_subject="art_1",
)
EVENT = record(
    orjson.dumps({"story_id": "sty_1", "kind": "created", "article": {"article_id": "art_1", "source_id": "gazette"}})
)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, True),
        ({"key": "key-1"}, True),
        ({"key": "key"}, False),
        ({"id": "art_1"}, True),
        ({"id": "doc_1"}, True),
        ({"id": "art_"}, False),
        ({"source": "gazette"}, True),
        ({"source": "herald"}, False),
        ({"language": "en"}, True),
        ({"language": "de"}, False),
        ({"where": ["word_count=12"]}, True),
        ({"where": ["authors.name=B"]}, True),
        ({"where": ["authors.name=C"]}, False),
        ({"where": ["no.such=1"]}, False),
        ({"where": ["source.id=gazette", "language=de"]}, False),
        ({"source": "gazette", "language": "de"}, False),
    ],
)
def test_all_that_is_asked_must_hold(options: dict[str, object], wanted: bool) -> None:  # noqa: FBT001
    query = Query.parse(**options)  # type: ignore[arg-type]
    assert query.accepts(ARTICLE, value_of(ARTICLE)) is wanted
    assert query.anything is (options == {})


def test_an_event_is_about_its_article_and_its_source() -> None:
    for query in (Query(id="art_1"), Query(id="sty_1"), Query(source="gazette")):
        assert query.accepts(EVENT, value_of(EVENT))


def test_an_entity_is_found_in_articles_and_in_stories_by_its_id() -> None:
    layers = {"entities": {"entities": [{"entity_id": "ent_1"}, {"entity_id": "ent_2"}]}}
    article, story = ({"layers": layers}, {"entities": [{"entity_id": "ent_2"}]})
    for value in (article, story):
        assert Query(entity="ent_2").accepts(ARTICLE, value)
        assert not Query(entity="ent_9").accepts(ARTICLE, value)
    assert not Query(entity="ent_2").accepts(EVENT, value_of(EVENT))


def test_a_story_goes_by_the_ids_it_has_had() -> None:
    merged = {"story_id": "sty_2", "merged_into": "sty_1"}
    for value in ({"story_id": "sty_1", "aliases": ["sty_2"]}, merged):
        assert Query(story="sty_1").accepts(EVENT, value)
        assert Query(story="sty_2").accepts(EVENT, value)
        assert not Query(story="sty_3").accepts(EVENT, value)
    assert not Query(story="sty_1").accepts(ARTICLE, value_of(ARTICLE))


@pytest.mark.parametrize("value", [None, b"\xff not json", b"[1, 2]", b'"text"'])
def test_a_value_that_is_no_object_has_no_fields_but_a_key(value: bytes | None) -> None:
    odd = record(value)
    assert Query(key="key-1").accepts(odd, value_of(odd))
    assert not Query(where=(("a", "b"),)).accepts(odd, value_of(odd))


def test_the_document_behind_a_dead_letter_is_found_by_its_header() -> None:
    parked = record(b"\x00", ce_documentid="doc_9")
    assert Query(id="doc_9").accepts(parked, value_of(parked))


def test_a_where_without_a_sign_is_refused() -> None:
    with pytest.raises(UsageError):
        Query.parse(where=["=x"])
