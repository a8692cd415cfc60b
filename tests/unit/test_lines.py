"""What the line model sees, and what it answers."""

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.text.line_cues import CUES, PHOTO, RELATED, STOP_WORDS, cues_of
from streams.text.line_model import KEEP_FROM, keep_probabilities, read_model
from streams.text.lines import FEATURES, features

PROSE = (
    "The swing bridge over the harbour carried its first traffic in four months on Monday, after engineers replaced "
    "the bearing that had failed during the storm of November, the mayor told reporters."
)
LINES = st.lists(st.text(min_size=1, max_size=80).map(str.strip).filter(bool), min_size=1, max_size=12)


def test_cues_are_found_by_word_and_by_phrase() -> None:
    marks = dict(zip(map(id, CUES), cues_of("read more: photo of the bridge", {"read", "more", "photo"}), strict=True))
    assert marks[id(PHOTO)] == marks[id(RELATED)] == 1.0
    assert sum(marks.values()) == 2
    assert cues_of("plain words", {"plain", "words"}) == [0.0] * len(CUES)


def test_cues_are_lower_case() -> None:
    assert all(word == word.lower() for word in STOP_WORDS)
    assert all(text == text.lower() for cue in CUES for text in (*cue.words, *cue.phrases))


@given(LINES)
def test_one_finite_row_a_line(lines: list[str]) -> None:
    rows = features(lines)
    assert rows.shape == (len(lines), FEATURES)
    assert np.isfinite(rows).all()
    assert np.array_equal(rows, features(lines))


def test_a_line_sees_its_neighbours() -> None:
    alone, between = features(["Share this"]), features([PROSE, "Share this", PROSE])
    assert not np.array_equal(alone[0], between[1])


def test_prose_is_kept_and_furniture_is_not() -> None:
    lines = [PROSE, PROSE.replace("Monday", "Tuesday"), PROSE.replace("four", "six"), "Leave A Reply", "Copyright 2024"]
    kept = keep_probabilities(lines) > KEEP_FROM
    assert kept.tolist() == [True, True, True, False, False]


@given(LINES)
def test_probabilities_are_rounded_shares(lines: list[str]) -> None:
    found = keep_probabilities(lines)
    assert ((found >= 0) & (found <= 1)).all()
    assert np.array_equal(found, np.round(found, 6))


def test_no_lines() -> None:
    assert keep_probabilities([]).shape == (0,)


def test_a_model_for_other_features_is_refused() -> None:
    artifact = io.BytesIO()
    np.savez(artifact, mean=np.zeros(3))
    with pytest.raises(ValueError, match="not 72"):
        read_model(artifact.getvalue())
