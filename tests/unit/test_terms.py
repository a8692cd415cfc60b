import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.terms import name_terms, term_id, words


@pytest.mark.parametrize(
    ("one", "other"),
    [("cities", "city"), ("boxes", "box"), ("ministers", "minister"), ("launching", "launch"), ("launched", "launch")],
)
def test_forms_of_a_word_are_one_term(one: str, other: str) -> None:
    assert term_id(one) == term_id(other) is not None


@pytest.mark.parametrize("word", ["the", "said", "x", ""])
def test_what_says_nothing_is_no_term(word: str) -> None:
    assert term_id(word) is None


def test_words_keep_their_order_and_lose_their_case() -> None:
    assert list(words("Moscow’s 2 cars, O'Neill")) == ["moscow's", "2", "cars", "o'neill"]


def test_scripts_without_spaces_give_bigrams() -> None:
    assert list(words("金正恩 met")) == ["金正", "正恩", "met"]


def test_a_name_counts_whole_and_by_its_ends() -> None:
    found = name_terms("", "He met Kim Jong Un.")
    assert {found[term] for term in found} == {1.0, 0.5}
    assert found.get(term_id("kim") or 0) == 0.5
    assert found.get(term_id("un") or 0) == 1.0


def test_a_capital_at_the_start_of_a_sentence_is_no_name() -> None:
    found = name_terms("", "Cars went north. He saw cars. Later Oslo slept.")
    assert term_id("car") not in found
    assert term_id("oslo") in found


def test_numbers_count_but_years_do_not() -> None:
    assert name_terms("214 on board", "") != {}
    assert name_terms("Since 1998", "") == {}


@given(st.text(max_size=300), st.text(max_size=2000))
def test_any_text_gives_finite_counts(title: str, body: str) -> None:
    assert all(0 < count < 10_000 for count in name_terms(title, body).values())
