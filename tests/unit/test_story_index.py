from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.state.story_index import StoryIndex

Stories = dict[str, frozenset[int]]
terms = st.frozensets(st.integers(0, 12), max_size=8)
names = st.sampled_from("abcdefgh")
queries = st.lists(st.tuples(st.integers(0, 12), st.sampled_from([0.25, 0.5, 1.0])), unique_by=lambda pair: pair[0])


def index_of(stories: Stories) -> StoryIndex:
    index = StoryIndex()
    for story, posted in stories.items():
        index.set(story, posted)
    return index


def sought(stories: Stories, query: Sequence[tuple[int, float]], count: int, budget: int, but: str) -> list[str]:
    """The same by going through everything."""
    postings = {term: [story for story, posted in stories.items() if term in posted] for term, _ in query}
    scores: dict[str, float] = {}
    for _, term, weight in sorted((len(postings[term]), term, weight) for term, weight in query):
        budget -= len(postings[term])
        if budget < 0:
            break
        for story in postings[term]:
            scores[story] = scores.get(story, 0.0) + weight * weight
    scores.pop(but, None)
    return sorted(scores, key=lambda story: (-scores[story], story))[:count]


@given(st.dictionaries(names, terms), queries, st.integers(1, 9), st.integers(0, 40), names)
def test_finds_what_a_full_scan_finds(
    stories: Stories, query: list[tuple[int, float]], count: int, budget: int, but: str
) -> None:
    found = index_of(stories).find(query, count=count, budget=budget, but=but)
    assert found == sought(stories, query, count, budget, but)


@given(st.lists(st.tuples(names, terms)), queries)
def test_a_grown_index_equals_a_rebuilt_one(
    changes: list[tuple[str, frozenset[int]]], query: list[tuple[int, float]]
) -> None:
    grown = StoryIndex()
    for story, posted in changes:
        grown.set(story, posted)
    rebuilt = index_of(dict(changes))
    assert grown.find(query, count=9, budget=99) == rebuilt.find(query, count=9, budget=99)
    assert (grown._postings, grown._terms) == (rebuilt._postings, rebuilt._terms)


def test_common_terms_are_left_out_when_the_budget_is_spent() -> None:
    index = index_of({"a": frozenset({1, 2}), "b": frozenset({2}), "c": frozenset({2})})
    assert index.find([(1, 1.0), (2, 1.0)], count=9, budget=3) == ["a"]
    assert index.find([(1, 1.0), (2, 1.0)], count=9, budget=4) == ["a", "b", "c"]
