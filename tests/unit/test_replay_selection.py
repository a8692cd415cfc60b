"""Which records a replay takes, and which articles a story has today."""

from typing import Any

import pytest

from schemas import ReplaySelection, Source
from streams.codec import Record
from streams.errors import InputError
from streams.replay.lanes import in_lane, lane_names
from streams.replay.membership import Membership
from streams.replay.merge import OriginSet
from streams.replay.selection import Wanted, document_in
from streams.settings import Settings
from streams.topics import NORMALIZED, RAW
from tests.builders import article, raw_document, record_of


def wanted(**fields: tuple[str, ...]) -> Wanted:
    return Wanted.by(ReplaySelection.model_validate(fields))


GAZETTE = record_of(NORMALIZED, article(source=Source(id="gazette")))
HERALD = record_of(NORMALIZED, article(source=Source(id="herald"), language="de"))


def test_without_a_selection_everything_is_taken() -> None:
    assert wanted().accepts(GAZETTE)
    assert wanted().accepts(Record("t", 0, 0, None, None))
    assert wanted().accepts(Record("t", 0, 0, b"k", b"no json"))


def test_one_of_each_kind_must_fit() -> None:
    assert wanted(sources=("gazette", "herald")).accepts(HERALD)
    assert not wanted(sources=("gazette",)).accepts(HERALD)
    assert wanted(sources=("herald",), languages=("de",)).accepts(HERALD)
    assert not wanted(sources=("gazette",), languages=("de",)).accepts(GAZETTE)


def test_a_document_is_known_by_header_and_else_by_value() -> None:
    document = document_in(GAZETTE)
    assert document is not None
    assert wanted(documents=(document,)).accepts(GAZETTE)
    assert not wanted(documents=("doc_0",)).accepts(GAZETTE)
    headed = Record("t", 0, 0, None, None, (("ce_documentid", b"doc_0"),))
    assert wanted(documents=("doc_0",)).accepts(headed)


def test_what_is_no_document_is_not_one_of_those_named() -> None:
    for value in (b"[]", b"{", b'{"document_id": 3}', None):
        assert not wanted(documents=("doc_0",)).accepts(Record("t", 0, 0, None, value))
        assert not wanted(sources=("gazette",)).accepts(Record("t", 0, 0, None, value))


def test_articles_that_came_to_nothing_select_nothing() -> None:
    assert not wanted(articles=("art_0",)).accepts(GAZETTE)


def test_a_raw_document_has_the_language_that_was_found() -> None:
    raw = record_of(RAW, raw_document(language="de"), partition=1, offset=5)
    selection = ReplaySelection(languages=("en",))
    found = OriginSet([Record("n", 0, 0, b"en", b"{}", (("ce_origin", b"1-5"),))])
    assert Wanted.by(selection, found).accepts(raw)
    assert not Wanted.by(selection, OriginSet()).accepts(raw)


def created(story: str, article_id: str) -> dict[str, Any]:
    return {"story_id": story, "kind": "created", "article": {"article_id": article_id}}


def merged(story: str, into: str) -> dict[str, Any]:
    return {"story_id": story, "kind": "merged", "merged_into": into}


def test_members_of_a_merged_story_are_members_of_what_it_became() -> None:
    found = Membership([created("sty_a", "1"), created("sty_b", "2"), merged("sty_a", "sty_b"), created("sty_c", "3")])
    assert found.articles("sty_a") == found.articles("sty_b") == ("1", "2")
    assert found.stories() == {"1": "sty_b", "2": "sty_b", "3": "sty_c"}
    assert found.members() == {"sty_b": ["1", "2"], "sty_c": ["3"]}
    assert found.today("sty_a") == "sty_b"


def test_merges_are_followed_to_the_end_and_never_round_in_circles() -> None:
    found = Membership([created("sty_a", "1"), merged("sty_a", "sty_b"), merged("sty_b", "sty_c")])
    assert found.articles("sty_a") == ("1",)
    assert found.today("sty_a") == "sty_c"
    found.see(merged("sty_c", "sty_a"))
    assert found.today("sty_a") == "sty_c"


def test_an_article_is_where_it_was_put_last_and_other_events_say_nothing() -> None:
    events: list[dict[str, Any]] = [created("sty_a", "1"), created("sty_b", "1")]
    events += [{"kind": "updated", "story_id": "sty_a", "article": {"article_id": "1"}}, {}, {"kind": "created"}]
    assert Membership(events).stories() == {"1": "sty_b"}


def test_a_story_that_nobody_knows_is_an_error() -> None:
    with pytest.raises(InputError, match="no story sty_x"):
        Membership([created("sty_a", "1")]).articles("sty_x")


def test_lanes_are_told_by_what_stands_before_the_topics() -> None:
    names = ["news.raw.v1", "v2.news.raw.v1", "v2.news.article.unique.v1", "half.news.story.candidate.v1"]
    assert lane_names([*names, "other.topic", "v3.news.raw.v1.dlq"]) == ["", "half", "v2"]


def test_live_is_the_lane_without_a_name() -> None:
    from streams.errors import UsageError  # noqa: PLC0415 - beside its one use

    assert in_lane(Settings(lane="v1"), "live").lane == ""
    assert in_lane(Settings(), "v2", partitions=7).partitions == 7
    with pytest.raises(UsageError, match="no name for a lane"):
        in_lane(Settings(), "V 2")
