"""Likeness: exact for short texts, close for long ones."""

import random
from dataclasses import astuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.text.fingerprint import Sketch, fingerprint, sketch_of
from streams.text.likeness import Likeness, likeness
from streams.text.tokens import words

vocabulary = [f"word{number}" for number in range(40)]
texts = st.lists(st.sampled_from(vocabulary), max_size=200).map(" ".join)


def sketch(text: str) -> Sketch:
    return sketch_of(fingerprint(text))


def grams(tokens: list[str]) -> set[tuple[str, ...]]:
    return {tuple(tokens[at : at + 3]) for at in range(max(len(tokens) - 2, 1))} if tokens else set()


def actual(one: str, other: str) -> Likeness:
    """The definition, on the texts themselves."""
    tokens = words(one), words(other)
    (a, b), (lead_a, lead_b) = map(grams, tokens), (grams(part[:150]) for part in tokens)
    if not a or not b:
        return Likeness(0.0, 0.0, 0.0)
    lead = max(len(lead_a & b) / len(lead_a), len(lead_b & a) / len(lead_b))
    return Likeness(len(a & b) / len(a | b), len(a & b) / min(len(a), len(b)), lead)


@settings(deadline=None)
@given(texts, texts, st.integers(0, 200))
def test_short_texts_are_compared_exactly(one: str, other: str, shared: int) -> None:
    other = " ".join((*one.split()[:shared], *other.split()))[:1200]
    expected, found = actual(one, other), likeness(sketch(one), sketch(other))
    assert found.similarity == pytest.approx(expected.similarity)
    assert found.containment == pytest.approx(expected.containment)
    assert found.lead_share == pytest.approx(expected.lead_share)


def long_pair(draw: random.Random, size: int, kept: float, changed: float) -> tuple[str, str]:
    """A text and a copy of its first part, in which some words are others."""
    text = [f"w{draw.randrange(10**6)}" for _ in range(size)]
    copy = [f"x{draw.randrange(10**6)}" if draw.random() < changed else word for word in text[: int(size * kept)]]
    return " ".join(text), " ".join(copy)


@pytest.mark.parametrize(("kept", "changed"), [(1, 0.01), (1, 0.1), (0.7, 0.02), (0.4, 0.0), (0.4, 0.05)])
@pytest.mark.parametrize("size", [500, 1000, 3000])
def test_long_texts_are_compared_closely(size: int, kept: float, changed: float) -> None:
    draw = random.Random(size)
    errors = []
    for _ in range(20):
        pair = long_pair(draw, size, kept, changed)
        expected, found = actual(*pair), likeness(*map(sketch, pair))
        errors.append([abs(a - b) for a, b in zip(astuple(found), astuple(expected), strict=True)])
    similarity, containment, lead = (sum(column) / len(errors) for column in zip(*errors, strict=True))
    assert similarity < 0.03
    assert containment < 0.05
    assert lead < 0.03


@settings(deadline=None)
@given(texts, texts)
def test_likeness_is_symmetric_and_made_of_shares(one: str, other: str) -> None:
    found = likeness(sketch(one), sketch(other))
    assert found == likeness(sketch(other), sketch(one))
    assert 0 <= found.similarity <= found.containment <= 1
    assert 0 <= found.lead_share <= 1


def test_a_long_text_is_like_itself() -> None:
    text, _ = long_pair(random.Random(1), 3000, 1, 0)
    assert likeness(sketch(text), sketch(text)) == Likeness(1.0, 1.0, 1.0)
