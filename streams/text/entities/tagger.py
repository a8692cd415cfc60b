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
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from streams.text.entities.features import FEATURES, SEEN_FROM, FeatureTable, Rows
from streams.text.entities.gazetteer import Phrase

__all__ = ["LABELS", "Tagger", "tagger"]

LABELS = ("O", "B-PER", "I-PER", "B-ORG", "I-ORG", "B-LOC", "I-LOC", "B-MISC", "I-MISC")
"""BIO labels; B- of a type is odd and its I- the next even number."""

BATCH_SENTENCES = 256

_ARTIFACT = "data/tagger/crf.npz"
_NEVER = -(1 << 20)

# Only differences between labels count. Those of the eight names to "outside" share two machine words, each
# in a lane of 16 bits, made positive by _BIAS: a word's sum is two sums of integers, and no lane overflows.
_LANES, _LANE_BITS, _BIAS = 4, 16, 254
_LANE_MASK = np.uint64((1 << _LANE_BITS) - 1)

# In a path score the low bits say which label it came from; the first label has the highest code.
_CODE_BITS = 4
_CODE_MASK = (1 << _CODE_BITS) - 1

Scores = NDArray[np.int32]
Lanes = NDArray[np.uint64]


class FormSums:
    """Of every word form of a table, the sum of its weights to itself and to each neighbour: [form, place, lane]."""

    def __init__(self, lanes: Lanes, table: FeatureTable) -> None:
        self._lanes, self._table, self._known = lanes, table, 0
        self._sums = np.zeros((1 << 10, len(SEEN_FROM), lanes.shape[1]), np.uint64)

    def of(self, found: Rows) -> Lanes:
        """Sums of all features of single word forms, a row a word; words that are new are summed first."""
        self._catch_up()
        flat = self._sums.reshape(-1, self._lanes.shape[1])
        first = found.rows * len(SEEN_FROM)
        seen = [first[found.places + offset] + place for place, (offset, _) in enumerate(SEEN_FROM)]
        sums: Lanes = np.add.reduce(flat.take(np.stack(seen), axis=0))
        return sums

    def forget(self) -> None:
        """Sum anew: the table has other words."""
        self._known = 0

    def _catch_up(self) -> None:
        first, last = self._known, len(self._table)
        while len(self._sums) < last:
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
        if first < last:
            weights = self._lanes[self._table.forms(slice(first, last)) & np.uint32(len(self._lanes) - 1)]
            starts = list(accumulate((columns for _, columns in SEEN_FROM[:-1]), initial=0))
            self._sums[first:last] = np.add.reduceat(weights, starts, axis=1)
            self._known = last


@dataclass(frozen=True, slots=True)
class Tagger:
    """`lanes` [buckets, 2], buckets a power of two; `transitions` [from, to]; `opening` [label]."""

    lanes: Lanes
    transitions: Scores
    opening: Scores
    table: FeatureTable
    sums: FormSums

    @classmethod
    def of(cls, weights: NDArray[np.int8], transitions: Scores, opening: Scores) -> "Tagger":
        """From `weights` [buckets, labels] and a chain that need not know BIO."""
        lanes, table = packed(weights), FeatureTable()
        return cls(lanes, *constrained(transitions, opening), table, FormSums(lanes, table))

    def tag(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> list[list[int]]:
        """Index into `LABELS` of every word; `phrases` are the gazetteer's, by sentence; no sentence is empty."""
        order = sorted(range(len(sentences)), key=lambda at: -len(sentences[at]))
        found: list[list[int]] = [[]] * len(sentences)
        for first in range(0, len(order), BATCH_SENTENCES):
            batch = order[first : first + BATCH_SENTENCES]
            labels = self._batch([sentences[at] for at in batch], [phrases[at] for at in batch])
            for at, row in zip(batch, labels, strict=True):
                found[at] = row
        if self.table.forget():
            self.sums.forget()
        return found

    def _batch(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> list[list[int]]:
        lengths = [len(words) for words in sentences]
        sentence = np.repeat(np.arange(len(lengths)), lengths)
        word = np.concatenate([np.arange(length) for length in lengths])
        scores = np.zeros((lengths[0], len(LABELS), len(sentences)), np.int32)
        scores[word, :, sentence] = self._scores(sentences, phrases)
        return best_paths(scores, lengths, self.transitions, self.opening)

    def _scores(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> Scores:
        """How much more each label weighs than the first, a row a word, a column a label."""
        found = self.table.rows(sentences)
        buckets = self.table.context(sentences, phrases, found) & np.uint32(len(self.lanes) - 1)
        sums = self.sums.of(found) + np.add.reduce(self.lanes.take(buckets, axis=0))
        return unpacked(sums, FEATURES)


def packed(weights: NDArray[np.int8]) -> Lanes:
    """Weights [buckets, labels] as the lanes of `Tagger`."""
    lanes = np.zeros((len(weights), (weights.shape[1] - 1) // _LANES), np.uint64)
    for place, column in enumerate(weights.T[1:]):
        more = column.astype(np.int16) - weights[:, 0] + _BIAS
        lanes[:, place // _LANES] |= more.astype(np.uint64) << np.uint64(_LANE_BITS * (place % _LANES))
    return lanes


def unpacked(sums: Lanes, features: int) -> Scores:
    """The scores that are in sums of so many features' lanes; the first label's are 0."""
    shifts = np.arange(0, _LANES * _LANE_BITS, _LANE_BITS, dtype=np.uint64)
    lanes = (sums[:, :, None] >> shifts & _LANE_MASK).astype(np.int32) - np.int32(_BIAS * features)
    return np.concatenate([np.zeros((len(sums), 1), np.int32), lanes.reshape(len(sums), -1)], axis=1)


def best_paths(scores: Scores, lengths: Sequence[int], transitions: Scores, opening: Scores) -> list[list[int]]:
    """Viterbi over a batch: `scores` [word, label, sentence], `lengths` falling; ties go to the first label."""
    size, width = len(LABELS), len(lengths)
    scores = scores << _CODE_BITS
    out_of = ((transitions << _CODE_BITS) + (_CODE_MASK - np.arange(size, dtype=np.int32))[:, None])[:, :, None]
    best = scores[0] + (opening << _CODE_BITS)[:, None]
    back = np.zeros(scores.shape, np.int32)
    running = width
    for at in range(1, lengths[0]):
        while lengths[running - 1] <= at:
            running -= 1
        arrived = (best[:, None, :running] + out_of).max(axis=0)
        back[at, :, :running] = arrived
        best[:, :running] = (arrived & ~_CODE_MASK) + scores[at, :, :running]
    came_from = (_CODE_MASK - (back & _CODE_MASK)).astype(np.uint8).tobytes()
    ends = best.argmax(axis=0).tolist()
    return [
        _path(came_from[sentence::width], length, end)
        for sentence, (length, end) in enumerate(zip(lengths, ends, strict=True))
    ]


def _path(came_from: bytes, length: int, label: int) -> list[int]:
    """The labels that lead to the last one; `came_from` [word, label]."""
    path = [label]
    for at in range(len(LABELS) * (length - 1), 0, -len(LABELS)):
        label = came_from[at + label]
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
