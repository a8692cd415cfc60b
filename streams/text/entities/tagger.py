"""The tagger: a linear-chain CRF over hashed features, in integers.

Weights are int8, transitions integers of the same scale, the best path is found by exact
integer arithmetic: another machine cannot answer differently. How it was trained, on
what, and what it reaches is in data/tagger/README.md.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from streams.text.entities.features import FEATURES, FeatureTable
from streams.text.entities.gazetteer import gazetteer

__all__ = ["LABELS", "Tagger", "tagger"]

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
"""BIO labels; B- of a type is odd and its I- the next even number."""

BATCH_SENTENCES = 32

_ARTIFACT = "data/tagger/crf.npz"
_NEVER = -(1 << 24)

Scores = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Tagger:
    """`weights` [buckets, labels] int8, buckets a power of two; `transitions` [from, to]; `opening` [label]."""

    weights: NDArray[np.int8]
    transitions: Scores
    opening: Scores
    table: FeatureTable

    def tag(self, sentences: Sequence[Sequence[str]]) -> list[list[int]]:
        """Index into `LABELS` of every word; sentences must not be empty."""
        order = sorted(range(len(sentences)), key=lambda at: len(sentences[at]))
        found: list[list[int]] = [[]] * len(sentences)
        for first in range(0, len(order), BATCH_SENTENCES):
            batch = order[first : first + BATCH_SENTENCES]
            for at, labels in zip(batch, self._batch([sentences[at] for at in batch]), strict=True):
                found[at] = labels
        self.table.forget()
        return found

    def _batch(self, sentences: list[Sequence[str]]) -> list[list[int]]:
        buckets = self.table.features(sentences) & np.uint32(len(self.weights) - 1)
        scores = self.weights[buckets].sum(axis=1, dtype=np.int32)
        lengths = np.array([len(words) for words in sentences])
        padded = np.zeros((len(sentences), int(lengths.max()), len(LABELS)), np.int32)
        padded[np.arange(padded.shape[1]) < lengths[:, None]] = scores
        return best_paths(padded, lengths, self.transitions, self.opening)


def best_paths(scores: Scores, lengths: NDArray[np.int64], transitions: Scores, opening: Scores) -> list[list[int]]:
    """Viterbi over a batch: `scores` [sentence, word, label], ascending `lengths`; ties go to the first label."""
    sentences, longest, _ = scores.shape
    back = np.zeros((longest, sentences, len(LABELS)), np.int8)
    into = transitions.T[None]
    best = scores[:, 0] + opening
    for at in range(1, longest):
        # Sentences are in order of length: those that have ended are the first ones.
        first = int(np.searchsorted(lengths, at, side="right"))
        options = into + best[first:, None, :]
        choice = options.argmax(axis=2)
        back[at, first:] = choice
        best[first:] = np.take_along_axis(options, choice[:, :, None], axis=2)[:, :, 0] + scores[first:, at]
    return [_path(back[:length, row], int(best[row].argmax())) for row, length in enumerate(lengths.tolist())]


def _path(back: NDArray[np.int8], label: int) -> list[int]:
    path = [label]
    for choices in back[:0:-1].tolist():
        label = choices[label]
        path.append(label)
    return path[::-1]


def constrained(transitions: Scores, opening: Scores) -> tuple[Scores, Scores]:
    """Forbid what is not BIO: a word inside a name that does not follow one of the same type."""
    transitions, opening = transitions.copy(), opening.copy()
    for inside in range(2, len(LABELS), 2):
        opening[inside] = _NEVER
        allowed = (inside - 1, inside)
        transitions[[label for label in range(len(LABELS)) if label not in allowed], inside] = _NEVER
    return transitions, opening


@cache
def tagger() -> Tagger:
    """Load the shipped tagger, once a process; ValueError when it was made for other features."""
    with np.load(io.BytesIO(files("streams.text").joinpath(_ARTIFACT).read_bytes())) as stored:
        arrays = {name: stored[name] for name in stored.files}
    if int(arrays["features"]) != FEATURES:
        raise ValueError(f"{_ARTIFACT} was trained for {arrays['features']} features, not {FEATURES}")
    transitions, opening = constrained(arrays["transitions"], arrays["opening"])
    return Tagger(arrays["weights"], transitions, opening, FeatureTable(gazetteer()))
