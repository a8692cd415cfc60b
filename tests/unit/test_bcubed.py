"""BCubed of two clusterings, against worked examples and its own definition."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.replay.bcubed import agreement


def test_equal_clusterings_agree_whatever_their_stories_are_called() -> None:
    found = agreement({"a": "1", "b": "1", "c": "2"}, {"a": "x", "b": "x", "c": "y"})
    assert (found.precision, found.recall, found.f) == (1.0, 1.0, 1.0)
    assert (found.split_count, found.merge_count) == (0, 0)
    assert (found.stories_a, found.stories_b, found.articles) == (2, 2, 3)


def test_a_merge_costs_precision_and_a_split_recall() -> None:
    apart = {"a": "1", "b": "1", "c": "2", "d": "2"}
    together = dict.fromkeys("abcd", "x")
    merged = agreement(apart, together)
    assert (merged.precision, merged.recall) == (0.5, 1.0)
    assert merged.merges[0].story == "x"
    assert merged.merges[0].into == (("1", 2), ("2", 2))
    split = agreement(together, apart)
    assert (split.precision, split.recall) == (1.0, 0.5)
    assert split.splits[0].articles == 4
    assert split.f == pytest.approx(2 / 3)


def test_only_common_articles_count_and_the_others_are_told() -> None:
    found = agreement({"a": "1", "b": "1", "z": "9"}, {"a": "x", "b": "x", "y": "8", "w": "x"})
    assert (found.articles, found.only_a, found.only_b) == (2, 1, 2)
    assert found.f == 1.0


def test_nothing_in_common_is_no_disagreement() -> None:
    assert agreement({}, {}).f == 1.0
    assert agreement({"a": "1"}, {"b": "1"}).f == 1.0


CLUSTERINGS = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from("1234"), max_size=8)


@given(CLUSTERINGS, CLUSTERINGS)
def test_it_is_what_the_definition_says(a: dict[str, str], b: dict[str, str]) -> None:
    common = sorted(a.keys() & b.keys())
    found = agreement(a, b)
    if not common:
        return

    def share(of: dict[str, str], among: dict[str, str], article: str) -> float:
        with_it = [each for each in common if of[each] == of[article]]
        return sum(among[each] == among[article] for each in with_it) / len(with_it)

    assert found.precision == pytest.approx(sum(share(b, a, each) for each in common) / len(common))
    assert found.recall == pytest.approx(sum(share(a, b, each) for each in common) / len(common))
    assert (found.precision == 1.0) == (found.merge_count == 0)
    assert (found.recall == 1.0) == (found.split_count == 0)
