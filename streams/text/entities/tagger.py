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
from streams.text.entities.gazetteer import Phrase

__all__ = ["LABELS", "Tagger", "tagger"]

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
"""BIO labels; B- of a type is odd and its I- the next even number."""

BATCH_SENTENCES = 48

_ARTIFACT = "data/tagger/crf.npz"
_NEVER = -(1 << 20)

# Four weights share a machine word, each in a lane of 16 bits, made positive by _BIAS: the sum
# of a word's features is then three sums of integers instead of nine, and no lane overflows.
_LANES, _LANE_BITS, _BIAS = 4, 16, 128
_LANE_MASK = np.uint64((1 << _LANE_BITS) - 1)

# In a path score the low bits say which label it came from; the first label has the highest code.
_CODE_BITS = 4
_CODE_MASK = (1 << _CODE_BITS) - 1

Scores = NDArray[np.int32]
Lanes = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Tagger:
    """`lanes` [3, buckets], buckets a power of two; `transitions` [from, to]; `opening` [label]."""

    lanes: Lanes
    transitions: Scores
    opening: Scores
    table: FeatureTable

    @classmethod
    def of(cls, weights: NDArray[np.int8], transitions: Scores, opening: Scores) -> "Tagger":
        """From `weights` [buckets, labels] and a chain that need not know BIO."""
        return cls(packed(weights), *constrained(transitions, opening), FeatureTable())

    def tag(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> list[list[int]]:
        """Index into `LABELS` of every word; `phrases` are the gazetteer's, by sentence; no sentence is empty."""
        order = sorted(range(len(sentences)), key=lambda at: -len(sentences[at]))
        found: list[list[int]] = [[]] * len(sentences)
        for first in range(0, len(order), BATCH_SENTENCES):
            batch = order[first : first + BATCH_SENTENCES]
            labels = self._batch([sentences[at] for at in batch], [phrases[at] for at in batch])
            for at, row in zip(batch, labels, strict=True):
                found[at] = row
        self.table.forget()
        return found

    def _batch(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> list[list[int]]:
        buckets = self.table.features(sentences, phrases) & np.uint32(self.lanes.shape[1] - 1)
        lengths = [len(words) for words in sentences]
        padded = np.zeros((len(sentences), lengths[0], len(LABELS)), np.int32)
        padded[np.arange(lengths[0]) < np.array(lengths)[:, None]] = self._scores(buckets)
        return best_paths(padded, lengths, self.transitions, self.opening)

    def _scores(self, buckets: NDArray[np.uint32]) -> Scores:
        """Sum of the weights of each row of buckets, a column a label."""
        columns = []
        for lane in self.lanes:
            sums = lane.take(buckets).sum(axis=1)
            columns += [sums >> np.uint64(_LANE_BITS * place) & _LANE_MASK for place in range(_LANES)]
        return np.stack(columns[: len(LABELS)], axis=1).astype(np.int32) - np.int32(_BIAS * buckets.shape[1])


def packed(weights: NDArray[np.int8]) -> Lanes:
    """Weights [buckets, labels] as the lanes of `Tagger`."""
    machine_words = -(-weights.shape[1] // _LANES)
    lanes = np.zeros((machine_words, len(weights)), np.uint64)
    for label, column in enumerate(weights.T):
        place = np.uint64(_LANE_BITS * (label % _LANES))
        lanes[label // _LANES] |= (column.astype(np.int16) + _BIAS).astype(np.uint64) << place
    return lanes


def best_paths(scores: Scores, lengths: Sequence[int], transitions: Scores, opening: Scores) -> list[list[int]]:
    """Viterbi over a batch: `scores` [sentence, word, label], `lengths` falling; ties go to the first label."""
    size = len(LABELS)
    scores = scores << _CODE_BITS
    out_of = (transitions << _CODE_BITS)[:, None, :] + (_CODE_MASK - np.arange(size, dtype=np.int32))[:, None, None]
    best = scores[:, 0] + (opening << _CODE_BITS)
    back = np.zeros((lengths[0], len(lengths), size), np.int32)
    running = len(lengths)
    for at in range(1, lengths[0]):
        while lengths[running - 1] <= at:
            running -= 1
        arrived = (best[:running].T[:, :, None] + out_of).max(axis=0)
        back[at, :running] = arrived
        best[:running] = (arrived & ~_CODE_MASK) + scores[:running, at]
    came_from = (_CODE_MASK - (back & _CODE_MASK)).transpose(1, 0, 2).tolist()
    ends = best.argmax(axis=1).tolist()
    return [_path(steps[:length], end) for steps, length, end in zip(came_from, lengths, ends, strict=True)]


def _path(steps: list[list[int]], label: int) -> list[int]:
    path = [label]
    for choices in steps[:0:-1]:
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
    return Tagger.of(arrays["weights"], arrays["transitions"], arrays["opening"])
