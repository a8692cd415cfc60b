"""Signatures: how well they estimate Jaccard similarity, on sets of which it is known."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.minhash import BINS, OPENING_BINS, matches, opening, signature
from streams.text.shingles import Hashes, mixed


def hashes(draw: np.random.Generator, count: int) -> Hashes:
    return draw.integers(0, 2**64, count, np.uint64)


@pytest.mark.parametrize("size", [20, 150, 900])
@pytest.mark.parametrize("similarity", [0.1, 0.5, 0.9])
def test_equal_bins_estimate_jaccard_with_the_stated_error(size: int, similarity: float) -> None:
    shared = round(size * 2 * similarity / (1 + similarity))
    actual = shared / (2 * size - shared)
    draw, estimates = np.random.default_rng(size), []  # its own: which tests come before it is a matter of chance
    for _ in range(100):
        common = hashes(draw, shared)
        one, other = (signature(np.concatenate((common, hashes(draw, size - shared)))) for _ in range(2))
        estimates.append(matches(one, other) / BINS)
    error = (actual * (1 - actual) / BINS) ** 0.5
    assert abs(np.mean(estimates) - actual) < 0.015
    assert np.std(estimates) < 1.35 * error + 0.003


@given(st.lists(st.integers(0, 2**64 - 1), max_size=300), st.randoms(use_true_random=False))
def test_order_and_repeats_do_not_matter(values: list[int], draw: random.Random) -> None:
    shuffled = [*values, *values[: len(values) // 2]]
    draw.shuffle(shuffled)
    one, other = (signature(mixed(np.array(numbers, np.uint64))) for numbers in (values, shuffled))
    assert matches(one, other) == BINS


def test_no_shingles_make_a_signature_of_zeros() -> None:
    assert not signature(np.zeros(0, np.uint64)).any()


@given(st.lists(st.integers(0, 2**32 - 1), max_size=148, unique=True))
def test_an_opening_keeps_the_least_of_each_sixteenth(values: list[int]) -> None:
    bins = opening(np.array(sorted(values), np.uint32))
    for number in range(OPENING_BINS):
        inside = [value for value in values if value >> 28 == number]
        assert bins[number] == (min(inside) & 0xFFFF if inside else 0)
