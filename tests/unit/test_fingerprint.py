"""Fingerprints: what they hold, and that they survive the way over the wire."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from schemas import Fingerprint
from streams.text.fingerprint import SAMPLE, content_hash, fingerprint, identify, sketch_of
from streams.text.minhash import matches
from tests.builders import BODY

LONG = " ".join(f"word{number % 977}" for number in range(3000))


def test_a_fingerprint_is_small_and_counts_exactly() -> None:
    found = fingerprint(LONG)
    sketch = sketch_of(found)
    assert (found.tokens, found.shingles) == (3000, 977)
    assert (len(sketch.sample), len(sketch.lead), sketch.complete) == (SAMPLE, 148, False)
    assert len(found.model_dump_json()) < 2048


def test_a_short_text_is_held_whole() -> None:
    sketch = sketch_of(fingerprint(BODY))
    assert sketch.complete
    assert len(sketch.lead) + len(sketch.sample) == sketch.shingles == sketch.tokens - 2


def test_an_empty_text_has_a_fingerprint() -> None:
    sketch = sketch_of(fingerprint("... !"))
    assert (sketch.tokens, sketch.shingles, sketch.complete) == (0, 0, True)


def test_formatting_does_not_change_it() -> None:
    typeset = BODY.replace("\n\n", "\n").replace('"', "\u201c").upper()
    assert fingerprint(typeset) == fingerprint(BODY)
    assert content_hash(typeset) == content_hash(BODY)
    assert content_hash(BODY + " more") != content_hash(BODY)


def test_one_pass_over_the_words_gives_both() -> None:
    assert identify(BODY) == (content_hash(BODY), fingerprint(BODY))


def test_samples_of_two_texts_are_comparable() -> None:
    whole, part = sketch_of(fingerprint(LONG)), sketch_of(fingerprint(LONG[:9000]))
    reach = min(whole.sample[-1], part.sample[-1])
    assert np.isin(part.sample[part.sample <= reach], np.append(whole.sample, whole.lead)).all()


@given(st.text(), st.integers(0, 400))
def test_every_text_makes_a_fingerprint_that_is_read_back(text: str, repeats: int) -> None:
    found = fingerprint(" ".join(f"{text} {number}" for number in range(repeats)))
    again = Fingerprint.model_validate_json(found.model_dump_json())
    one, other = sketch_of(found), sketch_of(again)
    assert (one.tokens, one.shingles, matches(one.minhash, other.minhash)) == (found.tokens, found.shingles, 128)
    assert one.bins.shape == (144,)


def test_a_fingerprint_is_frozen() -> None:
    sketch = sketch_of(fingerprint(BODY))
    assert sketch.shingles == 89
    assert sketch.minhash[:4].tolist() == [4974, 10122, 25931, 10698]
    assert sketch.lead[:2].tolist() == [15716906, 60910187]
