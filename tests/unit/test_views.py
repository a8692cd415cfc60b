"""Stories put together for people, and found again by ids of long ago."""

from datetime import timedelta

import pytest

from schemas import Layers, Story, StoryArticle
from streams.errors import InputError
from streams.observe.views import StoryView, article_json, find_story, newest_first, only_match
from tests.builders import SEEN_AT
from tests.view_builders import enriched, story


def by_id(*stories: Story) -> dict[str, Story]:
    return {each.story_id: each for each in stories}


def test_an_id_or_its_beginning_finds_a_story() -> None:
    stories = by_id(story("sty_ab1"), story("sty_cd2"))
    assert find_story(stories, "sty_ab1") == (stories["sty_ab1"], ())
    assert find_story(stories, "sty_c") == (stories["sty_cd2"], ())


def test_an_old_id_leads_through_all_merges() -> None:
    stories = by_id(
        story("sty_1", status="merged", merged_into="sty_2"),
        story("sty_2", status="merged", merged_into="sty_3"),
        story("sty_3", aliases=("sty_1", "sty_2")),
    )
    assert find_story(stories, "sty_1") == (stories["sty_3"], ("sty_1", "sty_2"))


def test_an_id_whose_redirect_is_forgotten_is_found_among_the_aliases() -> None:
    stories = by_id(story("sty_3", aliases=("sty_1",)))
    assert find_story(stories, "sty_1") == (stories["sty_3"], ("sty_1",))


def test_a_redirect_to_nowhere_or_in_a_circle_ends() -> None:
    lone = story("sty_1", status="merged", merged_into="sty_9")
    assert find_story(by_id(lone), "sty_1") == (lone, ())
    circle = by_id(
        story("sty_1", status="merged", merged_into="sty_2"), story("sty_2", status="merged", merged_into="sty_1")
    )
    assert find_story(circle, "sty_1")[0].status == "merged"


@pytest.mark.parametrize(
    ("wanted", "said"), [("sty_9", "no story sty_9"), ("sty_", "2 ids begin with sty_"), ("", "no")]
)
def test_what_fits_none_or_several_is_an_input_error(wanted: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        only_match(["sty_1", "sty_2"], wanted, "story")


def test_a_whole_id_wins_over_longer_ones_it_begins() -> None:
    assert only_match(["sty_1", "sty_12"], "sty_1", "story") == "sty_1"


def test_the_latest_story_comes_first_and_ties_go_by_id() -> None:
    later = SEEN_AT + timedelta(seconds=1)
    stories = [story("sty_2"), story("sty_3", last_seen_at=later), story("sty_1")]
    assert [each.story_id for each in newest_first(stories)] == ["sty_3", "sty_1", "sty_2"]


def test_a_view_has_the_members_that_are_there_whole() -> None:
    one = enriched()
    listed = [
        StoryArticle(article_id=each, source_id="gazette", first_seen_at=SEEN_AT)
        for each in ("art_gone", one.article_id)
    ]
    view = StoryView.of(story("sty_1", articles=listed, article_count=2), {one.article_id: one})
    shown = view.as_json()
    assert shown["story_id"] == "sty_1"
    (member,) = shown["articles"]
    assert member == article_json(one)
    assert member["body_text"] == one.article.body_text
    assert {entity["name"] for entity in member["entities"]} >= {"Ilse Varga"}
    assert not {"fingerprint", "provenance", "removed"} & member.keys()


def test_an_article_without_layers_has_empty_lists() -> None:
    bare = enriched().model_copy(update={"layers": Layers()})
    shown = article_json(bare)
    assert (shown["entities"], shown["dates"], shown["terms"]) == ([], [], [])
