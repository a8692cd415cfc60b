from dataclasses import replace
from datetime import timedelta

import pytest

from schemas import SparseVector, Story, StoryCandidate, StoryEvent
from streams.ids import story_id
from streams.outcome import Dead, Drop, Ok, Tombstone
from streams.stages.cluster import ClusterState, cluster
from streams.state.memory import MemoryTable
from streams.state.protocols import Origin
from streams.text.story_model import ClusterConfig
from tests.story_builders import START, candidate

FIRE, ELECTION = range(10), range(100, 110)


class Desk:
    """A stage with its state, fed one candidate after the other."""

    def __init__(self, config: ClusterConfig | None = None) -> None:
        self.table = MemoryTable()
        self.state = ClusterState(self.table, config)
        self.offset = 0

    def take(self, value: StoryCandidate) -> Ok:
        outcome = cluster(value, self.state, Origin(0, self.offset))
        self.offset += 1
        assert isinstance(outcome, Ok)
        return outcome

    def events(self, value: StoryCandidate) -> list[StoryEvent]:
        return [event for event in self.take(value).values if isinstance(event, StoryEvent)]

    def stories(self, value: StoryCandidate) -> list[Story]:
        return [story for story in self.take(value).values if isinstance(story, Story)]


def kinds(events: list[StoryEvent]) -> list[str]:
    return [event.kind for event in events]


def founded_by(value: StoryCandidate) -> str:
    return story_id(value.article_id)


def test_the_first_article_founds_a_story() -> None:
    value = candidate(1, FIRE)
    event, story = Desk().take(value).values
    assert isinstance(event, StoryEvent)
    assert isinstance(story, Story)
    assert (event.kind, event.story_id, event.story_version, event.at) == ("created", founded_by(value), 1, START)
    assert event.article is not None
    assert event.article.article_id == story.representative_article_id == value.article_id
    assert (story.story_id, story.title, story.article_count, story.status) == (event.story_id, "Title 1", 1, "active")


def test_an_article_about_the_same_joins_and_another_does_not() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    (added,) = desk.events(candidate(2, FIRE, hours=1))
    assert (added.kind, added.story_id, added.story_version) == ("article_added", founded_by(candidate(1, FIRE)), 2)
    assert added.similarity is not None
    assert added.similarity > 0.9
    assert kinds(desk.events(candidate(3, ELECTION, hours=1))) == ["created"]


def test_an_article_long_after_founds_a_story_of_its_own() -> None:
    desk = Desk(replace(ClusterConfig(), window_days=1000))
    shared = [*range(4), *range(50, 56)]
    desk.take(candidate(1, FIRE))
    assert kinds(desk.events(candidate(2, shared, hours=24 * 25))) == ["created"]
    assert kinds(desk.events(candidate(3, FIRE, hours=24 * 25))) == ["article_added"]


def test_languages_do_not_meet() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    (event,) = desk.events(candidate(2, FIRE, language="de"))
    assert (event.kind, event.language) == ("created", "de")


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_story_shows_the_title_of_a_member_that_has_one(order: tuple[int, int]) -> None:
    desk = Desk()
    values = candidate(1, FIRE, title=None), candidate(2, FIRE, hours=1)
    shown = [desk.stories(values[number])[0] for number in order][-1]
    assert (shown.title, shown.representative_article_id) == ("Title 2", values[1].article_id)
    assert [article.article_id for article in shown.articles] == [value.article_id for value in values]


def test_a_redelivery_changes_nothing() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    before = dict(desk.table.items())
    assert cluster(candidate(1, FIRE), desk.state, Origin(0, 0)) == Drop("redelivered")
    assert dict(desk.table.items()) == before


def test_a_new_push_is_noted_and_changes_no_story() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    before = dict(desk.table.items())
    assert cluster(candidate(1, FIRE), desk.state, Origin(0, 5)) == Drop("repushed")
    assert cluster(candidate(1, FIRE), desk.state, Origin(0, 5)) == Drop("redelivered")
    assert cluster(candidate(1, FIRE), desk.state, Origin(1, 0)) == Drop("repushed")
    after = dict(desk.table.items())
    assert {key[:1] for key in before if before[key] != after[key]} == {b"m", b"a"}
    assert before.keys() == after.keys()


def test_a_revision_updates_the_story_it_is_in() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    desk.take(candidate(2, FIRE, hours=1))
    event, story = desk.take(candidate(1, ELECTION, hours=2, revision=2, title="New")).values
    assert isinstance(event, StoryEvent)
    assert isinstance(story, Story)
    assert (event.kind, event.story_version) == ("updated", 3)
    assert (story.title, story.article_count) == ("New 1", 2)
    assert cluster(candidate(1, FIRE), desk.state, Origin(0, 0)) == Drop("redelivered")


def merged(desk: Desk) -> tuple[list[StoryEvent], list[Story]]:
    """Two stories that an article between them shows to be one."""
    desk.take(candidate(1, range(10)))
    desk.take(candidate(2, range(10, 20)))
    outcome = desk.take(candidate(3, range(5, 15)))
    stories = [value for value in outcome.values if isinstance(value, Story)]
    return [value for value in outcome.values if isinstance(value, StoryEvent)], stories


EAGER = replace(ClusterConfig(), merge_every=3)


def test_a_sweep_merges_and_leaves_a_redirect() -> None:
    events, stories = merged(Desk(EAGER))
    assert kinds(events)[-2:] == ["merged", "updated"]
    gone, kept = events[-2:]
    assert (gone.merged_into, kept.merged_from) == (kept.story_id, gone.story_id)
    shown = {story.story_id: story for story in stories}
    assert (shown[gone.story_id].status, shown[gone.story_id].articles) == ("merged", ())
    assert shown[kept.story_id].aliases == (gone.story_id,)
    assert (shown[kept.story_id].article_count, shown[kept.story_id].version) == (3, kept.story_version)


def test_a_revision_follows_the_redirect() -> None:
    desk = Desk(EAGER)
    gone = next(event for event in merged(desk)[0] if event.kind == "merged")
    founder = next(value for value in (candidate(1, []), candidate(2, [])) if founded_by(value) == gone.story_id)
    (event,) = desk.events(founder.model_copy(update={"revision": 2}))
    assert (event.kind, event.story_id) == ("updated", gone.merged_into)


def test_a_story_closes_and_is_forgotten() -> None:
    desk = Desk(replace(ClusterConfig(), clock_step_days=100, keep_articles=2))
    first = candidate(1, FIRE)
    desk.take(first)
    closed, _ = desk.events(candidate(2, ELECTION, hours=24 * 21))
    assert (closed.kind, closed.story_id, closed.at) == ("closed", founded_by(first), START + timedelta(days=20))
    (event,) = desk.events(first.model_copy(update={"revision": 2}))
    assert (event.kind, event.story_id) == ("updated", founded_by(first))
    assert kinds(desk.events(candidate(3, FIRE, hours=24 * 22))) == ["created"]
    outcome = desk.take(candidate(4, ELECTION, hours=24 * 31))
    assert Tombstone(Story, founded_by(first)) in outcome.values


def test_a_wrong_date_does_not_close_everything() -> None:
    desk = Desk()
    desk.take(candidate(1, FIRE))
    assert kinds(desk.events(candidate(2, ELECTION, hours=24 * 365 * 50))) == ["created"]
    assert kinds(desk.events(candidate(3, FIRE, hours=1))) == ["article_added"]


def test_stories_close_at_their_own_dates_also_when_the_first_date_was_wrong() -> None:
    desk = Desk(replace(ClusterConfig(), clock_step_days=100))
    desk.take(candidate(0, range(200, 210), hours=24 * 365 * 30))
    desk.take(candidate(1, FIRE))
    desk.take(candidate(2, FIRE, hours=1))
    events = desk.events(candidate(3, ELECTION, hours=24 * 21))
    closed = {event.story_id: event.at for event in events if event.kind == "closed"}
    assert closed[founded_by(candidate(1, FIRE))] == START + timedelta(days=20, hours=1)


def test_articles_from_long_ago_find_each_other() -> None:
    desk = Desk()
    desk.take(candidate(1, ELECTION))
    desk.take(candidate(2, FIRE, hours=-24 * 365))
    assert kinds(desk.events(candidate(3, FIRE, hours=-24 * 365))) == ["article_added"]


def test_a_redelivery_is_told_however_fast_the_clock_runs() -> None:
    desk = Desk()
    old = candidate(0, FIRE, hours=-24 * 1000)
    desk.take(old)
    for number in range(1, 50):
        desk.take(candidate(number, range(number * 100, number * 100 + 9), hours=24 * 40 * number))
    assert cluster(old, desk.state, Origin(0, 0)) == Drop("redelivered")


def test_a_new_push_is_told_from_an_article_when_it_comes_again_after_the_first_one_is_forgotten() -> None:
    desk = Desk(replace(ClusterConfig(), keep_articles=4, forget_days=1))
    first = candidate(0, FIRE)
    desk.take(first)
    for number in range(1, 4):
        desk.take(candidate(number, range(number * 100, number * 100 + 9), hours=24 * number))
    assert cluster(first, desk.state, Origin(0, 9)) == Drop("repushed")
    desk.take(candidate(4, ELECTION, hours=24 * 4))
    assert cluster(first, desk.state, Origin(0, 9)) == Drop("redelivered")
    assert cluster(first, desk.state, Origin(0, 0)) == Drop("redelivered")


def test_open_stories_are_bounded() -> None:
    desk = Desk(replace(ClusterConfig(), max_live=5))
    for number in range(20):
        events = desk.events(candidate(number, range(number * 100, number * 100 + 9), hours=number))
        assert len(desk.state.book("en").live) <= 6
    closed, _ = events
    assert (closed.kind, closed.story_id) == ("closed", founded_by(candidate(13, [])))


@pytest.mark.parametrize("field", ["all", "title", "lead", "ent"])
def test_a_bad_vector_is_dead_and_changes_nothing(field: str) -> None:
    desk = Desk()
    good = candidate(1, FIRE)
    bad = good.vectors.model_copy(update={field: SparseVector(terms="AAAAAA==", weights="")})
    outcome = cluster(good.model_copy(update={"vectors": bad}), desk.state, Origin(0, 0))
    assert isinstance(outcome, Dead)
    assert outcome.reason == "bad_schema"
    assert outcome.detail.startswith("vectors: ")
    assert list(desk.table.items()) == []


def test_an_article_without_any_term_founds_a_story() -> None:
    desk = Desk()
    assert kinds(desk.events(candidate(1, []))) == ["created"]
    assert kinds(desk.events(candidate(2, []))) == ["created"]
