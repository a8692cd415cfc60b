from dataclasses import replace

import pytest

from streams.state.cluster_state import Book, ClusterState
from streams.state.memory import MemoryTable
from streams.state.story_profile import Profile, article_profile, joined
from streams.state.story_record import micros
from streams.state.story_search import best_join, best_merge, join_candidates, merge_candidates
from streams.text.story_model import ClusterConfig, JoinFeatures, JoinWeights, join_logit, probability
from tests.story_builders import START, vectors

CONFIG = ClusterConfig()
DAY = 86_400_000_000


def story(number: int) -> str:
    return f"sty_{number:032x}"


def about(*terms: int, days: float = 0.0) -> Profile:
    return article_profile(vectors(dict.fromkeys(terms, 1.0)), micros(START) + int(days * DAY))


def book_of(*profiles: Profile) -> Book:
    book = ClusterState(MemoryTable(), CONFIG).book("en")
    for number, profile in enumerate(profiles):
        book.put_profile(story(number), profile)
    return book


def test_features_are_cosines_sizes_and_days() -> None:
    book = book_of(joined(about(1, 2, 3, 4), about(1, 2, 5, 6, days=1)))
    ((found, features),) = join_candidates(book, about(1, 2, 3, 4, days=3), CONFIG)
    assert found == story(0)
    cosine = 6 / 2 / 12**0.5
    expected = JoinFeatures(cosine, cosine, cosine, cosine, nearest=1.0, size=2, gap_days=2.0)
    assert tuple(features) == pytest.approx(expected)


def test_features_of_two_stories() -> None:
    book = book_of(joined(about(1, 2, 3, 4), about(1, 2, 5, 6, days=1)), about(1, 2, 3, 4, days=5))
    ((_, features),) = merge_candidates(book, story(0), CONFIG)
    assert features.nearest == pytest.approx(1.0)
    assert features.mean_nearest == pytest.approx(0.75)
    assert features.nearest_ent == pytest.approx(1.0)
    assert (features.gap_days, features.distance_days) == (4.0, 4.5)
    assert (features.smaller, features.bigger) == (1, 2)


def test_the_features_of_two_stories_are_the_same_both_ways() -> None:
    book = book_of(joined(about(1, 2, 3), about(2, 3, 4, days=1)), about(2, 3, 7, days=5))
    ((_, one),), ((_, other),) = (merge_candidates(book, story(number), CONFIG) for number in (0, 1))
    assert tuple(one) == pytest.approx(tuple(other))


def test_equal_odds_go_by_the_lower_id() -> None:
    book = book_of(about(1, 2, 3), about(1, 2, 3))
    found = best_join(book, about(1, 2, 3), CONFIG)
    assert found is not None
    assert found[0] == story(0)


def test_nothing_is_found_among_strangers() -> None:
    book = book_of(about(1, 2, 3))
    assert best_join(book, about(7, 8, 9), CONFIG) is None
    assert best_merge(book, story(0), CONFIG) is None
    assert best_join(book, about(), CONFIG) is None


def test_the_threshold_itself_is_enough() -> None:
    book = book_of(about(1, 2, 3))
    found = best_join(book, about(1, 2, 3), CONFIG)
    assert found is not None
    assert best_join(book, about(1, 2, 3), replace(CONFIG, join_threshold=found[1])) == found
    assert best_join(book, about(1, 2, 3), replace(CONFIG, join_threshold=found[1] + 1e-6)) is None


def test_a_gap_beyond_a_month_counts_as_a_month() -> None:
    near = JoinFeatures(0.5, 0.5, 0.5, 0.5, nearest=0.5, size=3, gap_days=30)
    assert join_logit(near, JoinWeights()) == join_logit(near._replace(gap_days=4000), JoinWeights())


def test_odds_become_probabilities() -> None:
    assert (probability(0), probability(2.0), probability(-700), probability(700)) == (0.5, 0.8808, 0.0, 1.0)
