from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import Algorithm, StoryEntity
from streams.state.story_record import (
    MAX_ALIASES,
    MAX_ENTITIES,
    MAX_MEMBERS,
    PUBLISHED_ENTITIES,
    ArticleRecord,
    Status,
    StoryRecord,
    founded,
    from_micros,
    micros,
    pooled,
    published,
    revised,
    standing,
)
from streams.text.story_model import ClusterConfig
from tests.story_builders import candidate

ALGORITHM = Algorithm(name="test", version="1", config_hash="0")


def story_id(number: int) -> str:
    return f"sty_{number:032x}"


def story(number: int, *, hours: float = 0.0, title: str | None = "Title") -> StoryRecord:
    return founded(story_id(number), candidate(number, [1], hours=hours, title=title), clock=number)


def naming(number: int, *names: str) -> StoryRecord:
    entities = tuple(StoryEntity(entity_id=f"ent_{name}", type="PERSON", name=name) for name in names)
    return founded(story_id(number), candidate(number, [1]).model_copy(update={"entities": entities}), clock=0)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.just(UTC)))  # noqa: DTZ001
def test_instants_are_read_back(at: datetime) -> None:
    assert from_micros(micros(at)) == at


@given(
    st.tuples(
        st.integers(1, 2**31 - 1),
        st.integers(0, 2**31),
        st.integers(0, 2**63 - 1),
        st.integers(-(2**62), 2**62),
        st.integers(0, 2**63),
        st.integers(0, 2**128 - 1).map(story_id),
    )
)
def test_an_article_record_is_read_back(fields: tuple[int, int, int, int, int, str]) -> None:
    record = ArticleRecord(*fields)
    assert ArticleRecord.decode(record.encode()) == record


def test_a_story_record_is_read_back() -> None:
    record = pooled(pooled(naming(1, "Kim"), naming(2, "Kim", "Putin")), story(3, title=None))
    record = replace(record, status="merged", merged_into=story_id(9))
    assert StoryRecord.decode(record.story_id, record.encode()) == record


@pytest.mark.parametrize("status", get_args(Status))
def test_how_a_story_stands_is_read_without_its_lists(status: Status) -> None:
    record = replace(pooled(naming(1, "a,b"), naming(2, "c")), status=status, touched=-7)
    assert standing(record.encode()) == (status, -7)


def test_pooling_adds_up() -> None:
    one, other = pooled(story(1, hours=5), story(2, hours=1), alias=False), story(3, hours=9)
    both = pooled(one, other)
    assert (both.version, both.size, both.touched) == (3, 3, 3)
    assert (both.first, both.last) == (other.first - 8 * 3_600_000_000, other.last)
    assert both.aliases == (other.story_id,)
    assert both.sources == ("source-0", "source-1", "source-2")
    assert [member.article_id for member in both.members] == [
        story.representative.article_id for story in (story(2), story(1), story(3))
    ]


def test_the_members_do_not_depend_on_who_is_pooled_into_whom() -> None:
    one, other = story(1, hours=2), story(2, hours=1)
    assert pooled(one, other).members == pooled(other, one).members
    assert pooled(one, other).representative == pooled(other, one).representative


def test_the_earliest_member_with_a_title_represents_the_story() -> None:
    untitled, late, later = story(1, title=None), story(2, hours=1), story(3, hours=2)
    assert pooled(untitled, later).representative.title == "Title 3"
    assert pooled(pooled(untitled, later), late).representative.title == "Title 2"
    assert (
        pooled(untitled, story(4, hours=1, title=None)).representative.article_id == untitled.representative.article_id
    )


def test_a_title_that_a_revision_brings_is_shown() -> None:
    renewed = revised(story(1, title=None), candidate(1, [1], hours=7, title="Late title"))
    assert published(renewed, "en", ALGORITHM).title == "Late title 1"
    assert (renewed.version, renewed.size, renewed.last) == (2, 1, story(1).last)


def test_a_title_that_a_revision_takes_away_gives_way_to_another() -> None:
    both = pooled(story(1), story(2, hours=1))
    assert revised(both, candidate(1, [1], title=None)).representative.title == "Title 2"
    assert revised(story(1), candidate(1, [1], title=None)).representative.title is None


def test_entities_are_counted_by_article() -> None:
    both = pooled(naming(1, "Kim", "Putin"), naming(2, "Putin"))
    shown = published(both, "en", ALGORITHM).entities
    assert [(entity.name, entity.articles) for entity in shown] == [("Putin", 2), ("Kim", 1)]


def test_of_entities_that_as_many_members_name_the_more_salient_comes_first() -> None:
    both = pooled(naming(1, "Zora", "Abel", "Mona"), naming(2, "Mona", "Zora", "Abel"))
    assert [entity.name for entity in both.entities] == ["Zora", "Mona", "Abel"]


@pytest.mark.parametrize("listed", ["members", "aliases", "entities"])
def test_lists_are_bounded_and_counts_are_not(listed: str) -> None:
    record = naming(0, "0")
    for number in range(1, 130):
        record = pooled(record, naming(number, str(number)))
    limits = {"members": MAX_MEMBERS, "aliases": MAX_ALIASES, "entities": MAX_ENTITIES}
    assert len(getattr(record, listed)) == limits[listed]
    shown = published(record, "en", ALGORITHM)
    assert (shown.article_count, len(shown.entities)) == (130, PUBLISHED_ENTITIES)


def test_a_merged_story_is_published_as_a_redirect() -> None:
    shown = published(replace(story(1), status="merged", merged_into=story_id(2)), "en", ALGORITHM)
    assert (shown.status, shown.merged_into, shown.articles, shown.entities) == ("merged", story_id(2), (), ())


def test_the_configuration_has_one_digest() -> None:
    assert ClusterConfig().digest() == ClusterConfig().digest()
    assert replace(ClusterConfig(), merge_every=24).digest() != ClusterConfig().digest()
