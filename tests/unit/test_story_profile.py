import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.state.story_profile import (
    FIELDS,
    KEPT_TERMS,
    MAX_TERMS,
    MEMBERS,
    Matcher,
    Profile,
    Query,
    article_profile,
    decode,
    encode,
    joined,
)
from tests.story_builders import vectors

# Few enough that profiles share terms, with low halves in common (what the matcher sieves by), and with
# high halves such that no two kinds of segment give two terms one id: Hypothesis draws the tags
# themselves, as constants of the source, and would find that pair (see `Query`).
TERMS = [high << 16 | low for high in range(4) for low in range(24)]
weighted = st.dictionaries(st.sampled_from(TERMS), st.floats(0.125, 8, width=32), max_size=8)
ids = st.frozensets(st.sampled_from(TERMS), max_size=4)


@st.composite
def articles(draw: st.DrawFn) -> Profile:
    made = vectors(draw(weighted), title=draw(ids), lead=draw(ids), names=draw(ids))
    return article_profile(made, draw(st.integers(-(2**50), 2**50)))


@st.composite
def stories(draw: st.DrawFn) -> Profile:
    members = draw(st.lists(articles(), min_size=1, max_size=MEMBERS + 1))
    story = members[0]
    for member in members[1:]:
        story = joined(story, member)
    return story


def pairs(profile: Profile, number: int) -> dict[int, float]:
    segment = profile.segment(number)
    return dict(zip(segment.ids.tolist(), segment.weights.tolist(), strict=True))


@given(stories())
def test_bytes_are_read_back(story: Profile) -> None:
    again = decode(encode(story))
    assert encode(again) == encode(story)
    assert (again.size, again.first, again.last, again.norms) == (story.size, story.first, story.last, story.norms)
    for one, other in ((again.ids, story.ids), (again.weights, story.weights), (again.ends, story.ends)):
        assert np.array_equal(one, other)


@given(articles(), st.lists(stories(), min_size=1, max_size=3))
def test_products_are_those_of_each_pair_of_segments(article: Profile, found: list[Profile]) -> None:
    query = Query.of([article.segment(number) for number in range(FIELDS + 1)])
    weights = dict(zip(query.ids.tolist(), query.weights.tolist(), strict=True))
    for products, story in zip(Matcher()([query], found)[0], found, strict=True):
        expected = [
            sum(weights.get(term, 0.0) * weight for term, weight in pairs(story, number).items())
            for number in range(len(story.ends))
        ]
        assert products == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(articles(), st.lists(stories(), min_size=2, max_size=3))
def test_products_do_not_depend_on_the_company(article: Profile, found: list[Profile]) -> None:
    match, query = Matcher(), Query.of([article.segment(0)])
    assert match([query], found)[0] == [match([query], [story])[0][0] for story in found]


@given(articles(), articles(), st.lists(stories(), min_size=1, max_size=3))
def test_products_do_not_depend_on_other_queries(one: Profile, other: Profile, found: list[Profile]) -> None:
    match, queries = Matcher(), [Query.of([article.segment(0)]) for article in (one, other)]
    assert match(queries, found) == [match([query], found)[0] for query in queries]


@given(stories(), stories())
def test_a_sum_is_that_of_each_field(one: Profile, other: Profile) -> None:
    both = joined(one, other)
    for number in range(FIELDS):
        left, right = pairs(one, number), pairs(other, number)
        expected = {term: left.get(term, 0.0) + right.get(term, 0.0) for term in sorted(left.keys() | right.keys())}
        assert list(pairs(both, number)) == list(expected)
        assert list(pairs(both, number).values()) == np.array([*expected.values()], "<f4").tolist()


@given(stories(), st.integers(1, 12))
def test_the_heaviest_are_those_of_a_full_sort(story: Profile, count: int) -> None:
    ranked = sorted(pairs(story, 0).items(), key=lambda pair: (-pair[1], pair[0]))
    assert story.heaviest(count) == ranked[:count]


def test_an_article_without_terms_meets_nothing() -> None:
    empty = article_profile(vectors({}), 0)
    other = article_profile(vectors({1: 1.0}), 0)
    for query, story in ((empty, other), (other, empty), (empty, empty)):
        assert not any(Matcher()([Query.of([query.segment(0)])], [story])[0][0])
    assert empty.heaviest(24) == []
    assert empty.posted(24) == frozenset()


def test_a_single_article_is_its_own_member() -> None:
    article = article_profile(vectors({1: 3.0, 2: 4.0}), 7)
    fields = [article.segment(number) for number in range(FIELDS)]
    ((products,),) = Matcher()([Query.of([*fields, article.member(0)[0]])], [article])
    assert products == pytest.approx([1, 1, 1, 1, 1, 0])
    assert article.members == 1


def test_a_story_keeps_its_last_members_and_the_sum_of_all() -> None:
    story = article_profile(vectors({0: 1.0}), 0)
    for number in range(1, 7):
        story = joined(story, article_profile(vectors({number: 1.0}), number))
    assert (story.size, story.members, story.first, story.last) == (7, MEMBERS, 0, 6)
    assert pairs(story, 0) == dict.fromkeys(range(7), 1.0)
    assert story.posted(24) == frozenset(range(7))


def test_a_sum_that_outgrows_its_limit_keeps_the_heaviest_terms() -> None:
    story = article_profile(vectors({0: 1.0}), 0)
    for number in range(1, 5):
        terms = {0: 2.0} | dict.fromkeys(range(number * 100, number * 100 + 99), 1.0)
        story = joined(story, article_profile(vectors(terms), number))
        assert len(story.segment(0).ids) <= MAX_TERMS
    rare = dict.fromkeys(range(1000, 1100), 1.0)
    story = joined(story, article_profile(vectors(rare), 9))
    assert len(story.segment(0).ids) == KEPT_TERMS
    assert story.heaviest(1)[0][0] == 0


def test_equal_weights_go_by_the_lower_id() -> None:
    article = article_profile(vectors({9: 1.0, 3: 1.0, 5: 2.0}), 0)
    assert [term for term, _ in article.heaviest(2)] == [5, 3]
