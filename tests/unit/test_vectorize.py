import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SparseVector
from streams.text.idf import snapshot
from streams.text.sparse import unpack
from streams.text.terms import term_id
from streams.text.vectorize import TOP_ALL, field_terms, vectorize
from tests.builders import BODY, TITLE


def pairs(vector: SparseVector) -> dict[int, float]:
    ids, weights = unpack(vector)
    return dict(zip(ids.tolist(), weights.tolist(), strict=True))


def cosine(one: SparseVector, other: SparseVector) -> float:
    left, right = pairs(one), pairs(other)
    return sum(weight * right.get(term, 0.0) for term, weight in left.items())


def test_the_same_text_gives_the_same_bytes() -> None:
    assert vectorize(TITLE, BODY) == vectorize(TITLE, BODY)


@given(st.none() | st.text(max_size=200), st.text(max_size=3000))
def test_any_text_gives_vectors_that_the_stage_takes(title: str | None, body: str) -> None:
    made = vectorize(title, body)
    for vector in (made.all, made.title, made.lead, made.ent):
        ids, _ = unpack(vector)
        assert ids.size <= TOP_ALL


def test_an_article_is_nearer_to_its_own_event_than_to_another() -> None:
    first = vectorize("Ferry aground", "The ferry Halvard ran aground on the Skerrow reef with 214 passengers.")
    second = vectorize(
        "Ferry refloated", "Tugs pulled the ferry Halvard off the Skerrow reef; its passengers are safe."
    )
    third = vectorize("Budget passed", "Parliament passed the budget of Otto Brandal by a majority of one.")
    for field in ("all", "title", "lead", "ent"):
        near = cosine(getattr(first, field), getattr(second, field))
        assert near > cosine(getattr(first, field), getattr(third, field)) + 0.05


def test_without_a_headline_the_first_sentence_stands_for_it() -> None:
    bare = field_terms(None, "Ferry runs aground. Nobody is hurt.")
    assert set(bare.title) == {term_id("ferry"), term_id("run"), term_id("aground")} - {None}
    assert bare.text[term_id("ferry") or 0] == 2.0


def test_function_words_of_other_languages_weigh_little() -> None:
    weight = snapshot().words
    for word in ("aber", "leur", "desde", "nicht", "они", "không"):
        assert weight(term_id(word) or 0) < 2
    assert weight(term_id("eisenbahnbrücke") or 0) == weight.unseen > 8


def test_the_version_names_the_snapshot_and_its_content() -> None:
    assert vectorize(TITLE, BODY).idf_version == snapshot().version
    assert snapshot().version.startswith("idf-en-1-")


def test_weights_fall_as_terms_grow_common() -> None:
    words = snapshot().words
    weights = np.array(sorted(words.weights.values()))
    assert weights.min() > 0
    assert weights.max() < words.unseen


@pytest.mark.parametrize("text", ["A" * 400_000, "a." * 200_000, "Kim " * 100_000, "1," * 200_000, "“" * 400_000])
def test_odd_texts_take_no_time(text: str) -> None:
    started = time.process_time()
    vectorize(text[:2000], text)
    assert time.process_time() - started < 1
