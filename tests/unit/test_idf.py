import math
from importlib.resources import files

import numpy as np
import pytest

from streams.text.idf import SNAPSHOT, Idf, snapshot
from streams.text.terms import term_id


def test_a_term_nobody_has_seen_weighs_most() -> None:
    idf = Idf(documents=9, weights={1: 0.5}, unseen=3.0)
    assert (idf(1), idf(2)) == (0.5, 3.0)


@pytest.mark.parametrize("field", ["words", "names"])
def test_weights_follow_the_formula_of_the_background_frequencies(field: str) -> None:
    idf: Idf = getattr(snapshot(), field)
    with files("streams.text").joinpath(f"data/{SNAPSHOT}.npz").open("rb") as stream, np.load(stream) as arrays:
        ids, frequencies = arrays[f"{field[:-1]}_ids"][:200], arrays[f"{field[:-1]}_df"][:200]
    expected = [math.log(1 + (idf.documents + 1) / (frequency + 0.5)) for frequency in frequencies.tolist()]
    assert [idf(term) for term in ids.tolist()] == pytest.approx(expected, rel=1e-6)
    assert idf.unseen == pytest.approx(math.log(1 + (idf.documents + 1) / 0.5))


def test_weights_are_the_same_whatever_computes_the_logarithm() -> None:
    for idf in (snapshot().words, snapshot().names):
        assert all(float(np.float32(weight)) == weight for weight in (*idf.weights.values(), idf.unseen))


def test_common_words_weigh_less_than_rare_ones() -> None:
    common, rare = (snapshot().words(term_id(word) or 0) for word in ("government", "ferry"))
    assert common < rare < snapshot().words.unseen


def test_a_snapshot_is_loaded_once_and_one_that_is_not_there_is_an_error() -> None:
    assert snapshot() is snapshot()
    with pytest.raises(FileNotFoundError):
        snapshot("idf-none-0")
