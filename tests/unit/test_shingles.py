"""Hashes of word 3-grams: frozen, ordered, sensitive to place."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.text.shingles import Hashes, mixed, shingle_hashes

tokens = st.lists(st.text(max_size=4), max_size=12)


def test_hashes_are_frozen() -> None:
    assert shingle_hashes(["harbour", "bridge", "reopens", "\u00e9"]).tolist() == [
        3255751102186463560,
        15815263879475024875,
    ]


def test_few_tokens_make_one_shingle_and_none_make_none() -> None:
    assert [len(shingle_hashes(["word"] * count)) for count in range(5)] == [0, 1, 1, 1, 2]


def test_the_order_of_words_counts() -> None:
    assert len(set(shingle_hashes(["a", "b", "c", "a", "c", "b", "b", "a", "c"]).tolist())) == 7


@given(tokens, tokens)
def test_a_shingle_depends_on_its_own_words_only(one: list[str], other: list[str]) -> None:
    if len(one) >= 3:
        both = shingle_hashes(one + other)
        assert both[: len(one) - 2].tolist() == shingle_hashes(one).tolist()


@given(st.lists(st.integers(0, 2**64 - 1), min_size=2, max_size=20, unique=True), st.integers(0, 200))
def test_mixing_is_a_permutation_and_each_stream_another(values: list[int], stream: int) -> None:
    numbers: Hashes = np.array(values, np.uint64)
    assert len(set(mixed(numbers, stream).tolist())) == len(values)
    assert mixed(numbers, stream).tolist() != mixed(numbers, stream + 1).tolist()


def test_mixed_bits_are_even() -> None:
    bits = np.unpackbits(mixed(np.arange(4096, dtype=np.uint64)).view(np.uint8).reshape(-1, 8), axis=1)
    assert np.abs(bits.mean(axis=0) - 0.5).max() < 0.05
