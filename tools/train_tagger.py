# ruff: noqa: INP001 - a script, not part of a package
"""Train the tagger: a linear-chain CRF on hashed features, in plain numpy, seeded.

    PYTHONPATH=.:tools python tools/train_tagger.py ../shared/data/ner streams/text/data/tagger/crf.npz

1. Teachers learn from the gold sets and the synthetic wire lines only.
2. Together, and made consistent with their neighbours, they label the public-domain texts.
3. The student learns from all of it. Its weights are rounded to eight bits.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tagger_texts import GOLD, Labelled, read, shouted

from streams.text.entities.consistency import consistent
from streams.text.entities.facts import with_facts
from streams.text.entities.features import FEATURES, FeatureTable
from streams.text.entities.gazetteer import Phrase, gazetteer
from streams.text.entities.tagger import LABELS, Tagger, constrained

SYNTHETIC = "synthetic_wire_lines"
UNLABELLED = "gmb"
TOGETHER = 20
"""Sentences taken for one document: the texts to label are in order but do not say where one ends."""

BATCH = 64
SHOUTED = 0.06
QUANTILE = 0.9999
DROP = 0.1
"""Share of the features that a step does not see."""

STEP = 0.08
LAST_STEP = 0.1
"""Share of the step size that is left at the end of training."""

Floats = NDArray[np.float32]


@dataclass(slots=True)
class Crf:
    """Weights in training; the row after the last bucket stays zero: what a dropped feature points to."""

    weights: Floats
    transitions: Floats
    opening: Floats

    def rounded(self) -> tuple[NDArray[np.int8], NDArray[np.int32], NDArray[np.int32]]:
        """Eight-bit weights, and transitions on the same scale."""
        weights = self.weights[:-1]
        scale = np.quantile(np.abs(weights[weights != 0]), QUANTILE) / 127
        small = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
        return (
            small,
            np.round(self.transitions / scale).astype(np.int32),
            np.round(self.opening / scale).astype(np.int32),
        )


@dataclass(frozen=True, slots=True)
class Texts:
    """Every word's buckets and label; sentence `n` has the words `starts[n]` up to `starts[n + 1]`."""

    buckets: NDArray[np.int32]
    labels: NDArray[np.int8]
    starts: NDArray[np.int64]

    def words(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """Indices of all words of the sentences in `batch`."""
        return np.concatenate([np.arange(self.starts[at], self.starts[at + 1]) for at in batch])


def train(texts: Sequence[Labelled], *, bits: int, epochs: int, seed: int) -> Crf:
    """Maximise the likelihood of the labels by AdaGrad; the same arguments give the same weights."""
    chance = np.random.default_rng(seed)
    encoded = _encoded(texts, bits)
    size = len(LABELS)
    crf = Crf(
        np.zeros(((1 << bits) + 1, size), np.float32), np.zeros((size, size), np.float32), np.zeros(size, np.float32)
    )
    squares = Crf(*(np.full_like(part, 1e-6) for part in (crf.weights, crf.transitions, crf.opening)))
    steps = epochs * (len(texts) // BATCH + 1)
    done, began = 0, time.monotonic()
    for epoch in range(epochs):
        loss = 0.0
        for batch in _batches(encoded.starts, chance):
            step = STEP * (1 - (1 - LAST_STEP) * min(done / steps, 1))
            kept = chance.random((len(encoded.words(batch)), FEATURES), dtype=np.float32) >= DROP
            loss += _learn(crf, squares, encoded, batch, kept, step=step)
            done += 1
        print(f"epoch {epoch} loss {loss / len(texts):.3f} after {time.monotonic() - began:.0f} s", flush=True)  # noqa: T201
    return crf


def _encoded(texts: Sequence[Labelled], bits: int) -> Texts:
    table, mask, parts = FeatureTable(), np.uint32((1 << bits) - 1), []
    for at in range(0, len(texts), 512):
        words = [text.words for text in texts[at : at + 512]]
        parts.append((table.features(words, _phrases(words)) & mask).astype(np.int32))
    labels = np.array([label for text in texts for label in text.labels], np.int8)
    starts = np.concatenate([[0], np.cumsum([len(text.words) for text in texts])])
    return Texts(np.concatenate(parts), labels, starts)


def _phrases(sentences: Sequence[Sequence[str]]) -> list[list[Phrase]]:
    return [list(gazetteer().phrases(words)) for words in sentences]


def _batches(starts: NDArray[np.int64], chance: np.random.Generator) -> list[NDArray[np.int64]]:
    """Sentences of like length together, batches in random order."""
    lengths = np.diff(starts)
    order = chance.permutation(len(lengths))
    found = []
    for at in range(0, len(order), BATCH * 40):
        pool = order[at : at + BATCH * 40]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        found += [pool[first : first + BATCH] for first in range(0, len(pool), BATCH)]
    return [found[at] for at in chance.permutation(len(found))]


def _learn(
    crf: Crf, squares: Crf, texts: Texts, batch: NDArray[np.int64], kept: NDArray[np.bool_], *, step: float
) -> float:
    """One step on one batch, with the features that are `kept`; its loss."""
    lengths = texts.starts[batch + 1] - texts.starts[batch]
    size = np.float32(len(batch))
    words = texts.words(batch)
    rows = np.where(kept, texts.buckets[words], len(crf.weights) - 1)
    there = np.arange(int(lengths.max())) < lengths[:, None]
    scores = np.zeros((*there.shape, len(LABELS)), np.float32)
    scores[there] = crf.weights[rows].sum(axis=1) / (1 - DROP)
    gold = np.zeros(there.shape, np.int64)
    gold[there] = texts.labels[words]
    loss, slope, slope_transitions, slope_opening = gradient(scores, gold, there, crf.transitions, crf.opening)
    _descend(crf.transitions, squares.transitions, slope_transitions / size, step)
    _descend(crf.opening, squares.opening, slope_opening / size, step)
    _scatter(crf.weights, squares.weights, rows, slope[there] / size, step)
    return loss


def gradient(
    scores: Floats, gold: NDArray[np.int64], there: NDArray[np.bool_], transitions: Floats, opening: Floats
) -> tuple[float, Floats, Floats, Floats]:
    """Negative log likelihood and its slopes, by scaled forward-backward over sequences that obey BIO."""
    batch, longest, size = scores.shape
    barred, barred_opening = constrained(np.zeros((size, size), np.int32), np.zeros(size, np.int32))
    step = np.exp(transitions) * (barred == 0)
    peaks = scores.max(axis=2, keepdims=True)
    local = np.exp(scores - peaks)
    ahead = np.zeros_like(scores)
    scale = np.ones((batch, longest), scores.dtype)
    state = np.exp(opening) * (barred_opening == 0) * local[:, 0]
    for at in range(longest):
        if at:
            state = np.where(there[:, at, None], (ahead[:, at - 1] @ step) * local[:, at], ahead[:, at - 1])
        scale[:, at] = np.where(there[:, at], state.sum(axis=1), 1)
        ahead[:, at] = state / state.sum(axis=1, keepdims=True)
    behind = np.ones_like(scores)
    slope_transitions = np.zeros_like(step)
    for at in range(longest - 1, 0, -1):
        arriving = local[:, at] * behind[:, at] / scale[:, at, None] * there[:, at, None]
        slope_transitions += (ahead[:, at - 1].T @ arriving) * step
        behind[:, at - 1] = np.where(there[:, at, None], arriving @ step.T, 1)
    marginal = ahead * behind
    marginal /= marginal.sum(axis=2, keepdims=True)
    loss = float((np.log(scale) + peaks[:, :, 0])[there].sum())
    rows, columns = np.nonzero(there)
    loss -= float(scores[rows, columns, gold[there]].sum() + opening[gold[:, 0]].sum())
    marginal[rows, columns, gold[there]] -= 1
    before, after = gold[:, :-1][there[:, 1:]], gold[:, 1:][there[:, 1:]]
    loss -= float(transitions[before, after].sum())
    np.add.at(slope_transitions, (before, after), -1)
    return loss, marginal * there[:, :, None], slope_transitions, marginal[:, 0].sum(axis=0)


def _descend(values: Floats, squares: Floats, slope: Floats, step: float) -> None:
    squares += slope * slope
    values -= step * slope / np.sqrt(squares)


def _scatter(weights: Floats, squares: Floats, rows: NDArray[np.int32], slope: Floats, step: float) -> None:
    """AdaGrad on the rows that the batch touched."""
    flat = rows.ravel()
    touched = np.zeros(len(weights), bool)
    touched[flat] = True
    touched[-1] = False
    used = np.flatnonzero(touched)
    place = np.zeros(len(weights), np.int64)
    place[used] = np.arange(len(used))
    place[-1] = len(used)
    at = place[flat]
    total = np.empty((len(used), len(LABELS)), np.float32)
    for label in range(len(LABELS)):
        total[:, label] = np.bincount(at, np.repeat(slope[:, label], rows.shape[1]), len(used) + 1)[:-1]
    squares[used] += total * total
    weights[used] -= step * total / np.sqrt(squares[used])


def label_texts(texts: Sequence[Labelled], teachers: Sequence[Crf]) -> list[Labelled]:
    """The texts with the labels that all teachers together give, corrected by known facts and made consistent."""
    weights = np.mean([teacher.weights for teacher in teachers], axis=0)
    transitions = np.mean([teacher.transitions for teacher in teachers], axis=0)
    opening = np.mean([teacher.opening for teacher in teachers], axis=0)
    tagger = Tagger.of(*Crf(weights, transitions, opening).rounded())
    found = []
    for first in range(0, len(texts), TOGETHER):
        rows = texts[first : first + TOGETHER]
        words = [row.words for row in rows]
        phrases = _phrases(words)
        labels = consistent(words, with_facts(words, phrases, tagger.tag(words, phrases), gazetteer()))
        found += [row._replace(labels=tuple(new)) for row, new in zip(rows, labels, strict=True)]
    return found


def save(crf: Crf, path: Path) -> None:
    """Write the artifact the tagger loads."""
    weights, transitions, opening = crf.rounded()
    np.savez_compressed(path, weights=weights, transitions=transitions, opening=opening, features=np.int64(FEATURES))
    print(f"{path.stat().st_size / 1e6:.2f} MB")  # noqa: T201


def main() -> None:
    """Train teachers and student, or only a tagger on the gold sets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--bits", type=int, default=18)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--teachers", type=int, default=2, help="0: learn from the gold sets only")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    gold = [text for name in GOLD for text in read(options.data, name)]
    gold = [*shouted(gold, share=SHOUTED, seed=options.seed), *read(options.data, SYNTHETIC, normalise=False)]
    if options.teachers:
        seeds = range(options.seed + 1, options.seed + 1 + options.teachers)
        teachers = [train(gold, bits=20, epochs=options.epochs, seed=seed) for seed in seeds]
        plain = label_texts(list(read(options.data, UNLABELLED, normalise=False)), teachers)
        gold += shouted(plain, share=SHOUTED, seed=options.seed)
    save(train(gold, bits=options.bits, epochs=options.epochs, seed=options.seed), options.output)


if __name__ == "__main__":
    main()
