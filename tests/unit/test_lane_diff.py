"""What is told of two lanes: ends of documents, fields, entities, stories; and when nothing is different."""

from typing import Any

import orjson
import pytest

from streams.cli.differences import told
from streams.codec import Headers, Record
from streams.replay.bcubed import agreement
from streams.replay.diff import _differs
from streams.replay.differences import Difference, changed_fields, shortened
from streams.replay.ends import Ends, story_of
from streams.topics import DUPLICATE, ENRICHED, RAW


def enriched(*entities: str, **article: Any) -> dict[str, Any]:
    found = [{"entity_id": name, "name": name.title(), "type": "ORG", "mentions": []} for name in entities]
    return {"article": {"title": "One", "body_text": "Words."} | article, "layers": {"entities": {"entities": found}}}


def duplicate(kind: str, **fields: Any) -> dict[str, Any]:
    return {"kind": kind, "duplicate_of": "art_1", "similarity": 0.9, "article": {"title": "One"}} | fields


def seen(*ends: tuple[str, str, dict[str, Any], Headers]) -> Ends:
    found = Ends()
    for offset, (topic, document, value, headers) in enumerate(ends):
        own: Headers = (("ce_documentid", document.encode()), *headers)
        found.see(topic, Record(topic, 0, offset, b"k", orjson.dumps(value), own))
    return found


def unique(document: str = "doc_1", *entities: str, **article: Any) -> Ends:
    return seen((ENRICHED.name, document, enriched(*entities, **article), ()))


def compared(a: Ends, b: Ends) -> Difference:
    found = Difference("live", "v2")
    one, other = a.documents(), b.documents()
    found.articles.both = len(one & other)
    found.articles.only_a, found.articles.only_b = len(one - other), len(other - one)
    for document in one & other:
        _differs(document, found, a, b)
    return found


def test_equal_records_are_no_difference_wherever_they_stand() -> None:
    before = seen((ENRICHED.name, "doc_9", enriched(), ()), (ENRICHED.name, "doc_1", enriched("a", "b"), ()))
    after = seen(
        (ENRICHED.name, "doc_1", enriched("a", "b"), (("ce_id", b"another"), ("ce_replay", b"rpl_1"))),
        (ENRICHED.name, "doc_9", enriched(), ()),
    )
    found = compared(before, after)
    assert found.none
    assert (found.articles.both, found.entities.f1, found.entities.both) == (2, 1.0, 2)


def test_another_version_that_makes_the_same_is_no_difference() -> None:
    one, other = enriched("a", provenance={"title": {"producer": "p", "version": "1", "method": "m"}}), enriched("a")
    other["article"]["provenance"] = {"title": {"producer": "p", "version": "2", "method": "m"}}
    other["layers"]["entities"] |= {"enricher": "another", "version": "2"}
    assert compared(seen((ENRICHED.name, "doc_1", one, ())), seen((ENRICHED.name, "doc_1", other, ()))).none
    other["article"]["provenance"]["title"]["method"] = "another"
    assert not compared(seen((ENRICHED.name, "doc_1", one, ())), seen((ENRICHED.name, "doc_1", other, ()))).none
    assert story_of(b'{"title": "One", "algorithm": {"version": "1"}}') == {"title": "One"}


def test_the_last_record_of_a_document_counts() -> None:
    twice = seen((ENRICHED.name, "doc_1", enriched(title="Old"), ()), (ENRICHED.name, "doc_1", enriched(), ()))
    assert compared(twice, unique()).none


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (unique(title="One"), unique(title="Two")),
        (unique("doc_1", "a"), unique("doc_1", "b")),
        (unique(), seen((DUPLICATE.name, "doc_1", duplicate("near"), ()))),
        (
            seen((DUPLICATE.name, "doc_1", duplicate("exact"), ())),
            seen((DUPLICATE.name, "doc_1", duplicate("near"), ())),
        ),
        (
            seen((DUPLICATE.name, "doc_1", duplicate("near"), ())),
            seen((DUPLICATE.name, "doc_1", duplicate("near", similarity=0.8), ())),
        ),
        (unique(), unique("doc_2")),
        (unique(), seen((RAW.dead_letters, "doc_1", {}, (("x-news-error-code", b"bad_json"),)))),
    ],
    ids=["field", "entities", "verdict", "kind", "reason", "document", "dead letter"],
)
def test_each_kind_of_difference_is_one(a: Ends, b: Ends) -> None:
    assert not compared(a, b).none
    assert not compared(b, a).none


def test_what_only_one_lane_was_given_is_told_and_may_be_no_difference() -> None:
    found = compared(seen((ENRICHED.name, "doc_1", enriched(), ()), (ENRICHED.name, "doc_2", enriched(), ())), unique())
    assert (found.articles.only_a, found.none) == (1, False)
    found.common = True
    assert found.none


def test_where_a_document_went_instead_is_told_in_words() -> None:
    parked = seen((RAW.dead_letters, "doc_1", {}, (("x-news-error-code", b"memory"),)))
    found = compared(unique(), parked)
    assert found.verdicts.changed == {"unique -> dead letter: memory in news.raw.v1": 1}
    both = seen((ENRICHED.name, "doc_1", enriched(), ()), (RAW.dead_letters, "doc_1", {}, ()))
    assert both.label("doc_1") == "unique and dead letter: unknown in news.raw.v1"
    assert both.label("doc_0") == "nothing"


def test_entities_are_counted_by_what_came_and_what_went() -> None:
    found = Difference("live", "v2").entities
    found.same(3)
    found.look(enriched("a", "b"), enriched("b", "c", "d"))
    assert (found.a, found.b, found.both, found.articles) == (5, 6, 4, 2)
    assert found.f1 == pytest.approx(8 / 11)
    assert found.added == {"C (ORG)": 1, "D (ORG)": 1}
    assert found.removed == {"A (ORG)": 1}
    assert found.layers == {"entities": 1}


def test_fields_that_differ_are_counted_with_an_example() -> None:
    found = Difference("live", "v2").articles
    found.look("doc_1", enriched(title="One"), enriched(title="Two"))
    found.look("doc_2", enriched(title="One"), enriched(title="Two", byline="Ilse Varga"))
    assert found.fields == {"title": 2, "byline": 1}
    assert (found.examples["title"][0].a, found.examples["title"][0].b) == ('"One"', '"Two"')
    assert found.examples["byline"][0].a == "null"


def test_of_long_values_the_part_is_shown_where_they_part() -> None:
    one, other = shortened("x" * 500 + "a", "x" * 500 + "b")
    assert len(one) < 200
    assert one.startswith("...x")
    assert one.rstrip('"').endswith("a")
    assert other.rstrip('"').endswith("b")
    assert shortened("a", "b") == ('"a"', '"b"')


def test_a_field_that_one_side_lacks_is_changed() -> None:
    assert changed_fields({"a": 1, "b": 2}, {"b": 3, "c": 4}) == ["a", "b", "c"]
    assert changed_fields({"a": [1]}, {"a": [1]}) == []


def test_stories_differ_by_who_is_together_and_by_their_table() -> None:
    found = Difference("live", "v2")
    found.clusters = agreement({"1": "a", "2": "a"}, {"1": "a", "2": "a"})
    found.stories.look("sty_1", {"title": "One"}, {"title": "One"})
    assert found.none
    found.stories.look("sty_2", {"title": "One"}, {"title": "Two"})
    assert not found.none
    found.common = True
    assert found.none
    found.clusters = agreement({"1": "a", "2": "a"}, {"1": "a", "2": "b"})
    assert not found.none


def test_the_report_says_all_of_it_to_people_and_programs() -> None:
    found = compared(unique("doc_1", "a", title="One"), unique("doc_1", "b", title="Two"))
    found.articles.look("doc_1", enriched(title="One"), enriched(title="Tw\x1bo"))
    found.entities.look(enriched("a"), enriched("b"))
    found.clusters = agreement({"1": "sty_a", "2": "sty_a"}, {"1": "sty_a", "2": "sty_b"})
    found.not_compared = ["dedupe"]
    text = "\n".join(told(found))
    for part in (
        "1 in both",
        "title  1",
        "added  B (ORG) 1",
        "recall 0.5000",
        "sty_a of 2 articles",
        "dedupe had nothing",
    ):
        assert part in text
    assert "v2 is different from live" in text
    assert "\x1b" not in text
    plain = orjson.loads(orjson.dumps(found.as_json()))
    assert (plain["different"], plain["clusters"]["recall"], plain["entities"]["f1"]) == (True, 0.5, 0.0)
    assert list(told(Difference("live", "v2")))[-1] == "no difference"
