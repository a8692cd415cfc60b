from base64 import b64encode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import SparseVector
from streams.text.sparse import MAX_TERMS, unpack
from tests.story_builders import packed_terms


def raw(ids: list[int], weights: list[float]) -> SparseVector:
    terms, floats = np.array(ids, "<u4").tobytes(), np.array(weights, "<f4").tobytes()
    return SparseVector(terms=b64encode(terms).decode(), weights=b64encode(floats).decode())


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e6), max_size=300), st.integers(1, 120))
def test_a_unit_vector_goes_over_the_wire(weights: dict[int, float], top: int) -> None:
    ids, values = unpack(packed_terms(weights, top=top))
    assert ids.size == min(len(weights), top)
    assert set(ids.tolist()) <= set(weights)
    if weights:
        assert float(np.square(values, dtype=np.float64).sum()) == pytest.approx(1, abs=1e-5)


def test_the_heaviest_are_kept_and_equal_ones_go_by_the_lower_id() -> None:
    ids, _ = unpack(packed_terms({7: 1.0, 3: 1.0, 5: 2.0}, top=2))
    assert ids.tolist() == [3, 5]


@given(st.permutations([(1, 0.3), (2, 0.7), (3, 1.9), (4, 0.1)]))
def test_the_order_of_the_text_does_not_matter(pairs: list[tuple[int, float]]) -> None:
    assert packed_terms(dict(pairs), top=9) == packed_terms(dict(sorted(pairs)), top=9)


def test_an_empty_vector_is_one() -> None:
    ids, weights = unpack(packed_terms({}, top=9))
    assert ids.size == weights.size == 0


@pytest.mark.parametrize(
    "vector",
    [
        pytest.param(SparseVector(terms="!", weights=""), id="not base64"),
        pytest.param(SparseVector(terms="ä", weights=""), id="not ASCII"),
        pytest.param(SparseVector(terms="AAA=", weights="AAA="), id="cut numbers"),
        pytest.param(raw([1, 2], [1.0]), id="fewer weights than ids"),
        pytest.param(raw([2, 1], [0.6, 0.8]), id="ids descend"),
        pytest.param(raw([1, 1], [0.6, 0.8]), id="an id twice"),
        pytest.param(raw([1, 2], [0.6, float("nan")]), id="not a number"),
        pytest.param(raw([1], [float("inf")]), id="infinite"),
        pytest.param(raw([1, 2], [-0.6, 0.8]), id="negative"),
        pytest.param(raw([1, 2], [3e38, 3e38]), id="huge"),
        pytest.param(raw([1], [0.5]), id="too short"),
        pytest.param(raw(list(range(MAX_TERMS + 1)), [(MAX_TERMS + 1) ** -0.5] * (MAX_TERMS + 1)), id="too many"),
    ],
)
def test_what_is_no_unit_vector_is_refused(vector: SparseVector) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - binascii and numpy have their own words
        unpack(vector)
