from dataclasses import replace
from datetime import timedelta

import pytest

from schemas import Story, StoryEvent
from streams.ids import story_id
from streams.outcome import Tombstone
from streams.stages.story_step import StoryStep
from streams.state.cluster_state import Book, ClusterState
from streams.state.memory import MemoryTable
from streams.state.story_profile import article_profile
from streams.state.story_record import StoryRecord, founded, micros
from streams.text.story_model import ClusterConfig
from tests.story_builders import START, candidate

CONFIG = replace(ClusterConfig(), window_days=2, forget_days=4, expiry_per_step=3, clock_step_days=100)


def book_of(*hours: float) -> Book:
    """Live stories of one article each, founded so many hours after the start."""
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    for number, hour in enumerate(hours):
        value = candidate(number, [number], hours=hour)
        record = founded(story_id(value.article_id), value, micros(value.first_seen_at))
        book.put_story(record)
        book.put_profile(record.story_id, article_profile(value.vectors, record.first))
    return book


def step_at(book: Book, hours: float) -> StoryStep:
    at = START + timedelta(hours=hours)
    book.clock = micros(at)
    return StoryStep(book, CONFIG, at)


def founded_by(number: int) -> str:
    return story_id(candidate(number, []).article_id)


def events(step: StoryStep) -> list[StoryEvent]:
    return [value for value in step.outputs() if isinstance(value, StoryEvent)]


def stories(step: StoryStep) -> list[Story]:
    return [value for value in step.outputs() if isinstance(value, Story)]


def updated(record: StoryRecord) -> StoryRecord:
    return replace(record, version=record.version + 1)


def test_a_step_without_changes_owes_nothing() -> None:
    assert step_at(book_of(0), 1).outputs() == ()


def test_a_story_changed_twice_has_two_events_and_is_shown_once() -> None:
    step = step_at(book_of(0), 1)
    for _ in range(2):
        step.change(updated(step.story(founded_by(0))), "updated")
    assert [(event.kind, event.story_version) for event in events(step)] == [("updated", 2), ("updated", 3)]
    assert [story.version for story in stories(step)] == [3]
    assert isinstance(step.outputs()[-1], Story)


def test_events_say_by_which_algorithm_and_configuration() -> None:
    step = step_at(book_of(0), 1)
    step.change(updated(step.story(founded_by(0))), "updated")
    (event,) = events(step)
    assert event.algorithm.config_hash == CONFIG.digest()
    assert event.at == START + timedelta(hours=1)
    assert event.algorithm == stories(step)[0].algorithm


def test_a_story_that_must_be_there_and_is_not_is_an_error() -> None:
    with pytest.raises(LookupError, match=founded_by(9)):
        step_at(book_of(), 0).story(founded_by(9))


def test_the_later_of_two_equal_stories_goes_into_the_earlier_whichever_is_named_first() -> None:
    for one, other in ((0, 1), (1, 0)):
        book = book_of(5, 3)
        step = step_at(book, 6)
        step.merge(founded_by(one), founded_by(other), logit=2.0)
        gone, kept = events(step)
        assert (gone.story_id, gone.merged_into) == (founded_by(0), founded_by(1))
        assert (kept.story_id, kept.merged_from) == (founded_by(1), founded_by(0))
        assert list(book.live) == [founded_by(1)]
        assert book.live[founded_by(1)].size == 2


def test_the_smaller_story_goes_into_the_bigger() -> None:
    book = book_of(1, 2, 3)
    step = step_at(book, 6)
    step.merge(founded_by(1), founded_by(2), logit=2.0)
    step.merge(founded_by(0), founded_by(1), logit=2.0)
    assert [event.merged_into for event in events(step) if event.kind == "merged"] == [founded_by(1)] * 2


def test_expiry_closes_then_forgets_a_bounded_number_earliest_first() -> None:
    book = book_of(0, 1, 2, 3)
    step = step_at(book, 24 * 2 + 9)
    step.expire()
    assert [(event.kind, event.story_id) for event in events(step)] == [
        ("closed", founded_by(number)) for number in range(3)
    ]
    assert [event.at for event in events(step)] == [START + timedelta(hours=48 + number) for number in range(3)]
    step = step_at(book, 24 * 4 + 9)
    step.expire()
    step.expire()
    assert [event.story_id for event in events(step)] == [founded_by(3)]
    assert {value.key for value in step.outputs() if isinstance(value, Tombstone)} == set(map(founded_by, range(4)))
    assert stories(step) == []
    assert book.story(founded_by(0)) is None
