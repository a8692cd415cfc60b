"""MinHash signatures by hashing each shingle once.

Bins as in one-permutation hashing (Li, Owen and Zhang 2012); bins that stay empty are filled
by further rounds, as in fast similarity sketching (Dahlgaard, Knudsen and Thorup 2017), so
that a short text's signature is as good as 128 independent permutations.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from streams.text.shingles import Hashes, mixed

__all__ = ["BINS", "OPENING_BINS", "Signature", "matches", "opening", "signature"]

Signature = npt.NDArray[np.uint16]

BINS: Final = 128

OPENING_BINS: Final = 16
"""Bins of a text's opening, which is short."""

_ROUNDS: Final = 8
_BIN_BITS: Final = np.uint64(57)
_STARTS: Final = np.arange(BINS, dtype=np.uint64) << _BIN_BITS
_OPENING_BOUNDS: Final = np.arange(OPENING_BINS + 1, dtype=np.uint64) << np.uint64(28)
_LOW: Final = np.uint64(0xFFFF)
_STREAM: Final = 16  # streams below are kept for other uses of the same shingles


def signature(shingles: Hashes) -> Signature:
    """16 bits of the least hash in each bin: shape (128,), zeros for no shingles. Order and repeats do not matter.

    The share of equal bins of two signatures estimates the Jaccard similarity J of their
    sets with standard error sqrt(J (1 - J) / 128), at most .044; two unequal minima look
    equal once in 65,536.
    """
    filled = np.zeros(BINS, np.uint16)
    if not len(shingles):
        return filled
    empty = np.ones(BINS, np.bool_)
    for round_ in range(_ROUNDS):
        values = np.sort(mixed(shingles, _STREAM + round_))
        place = np.minimum(np.searchsorted(values, _STARTS), len(values) - 1)
        least = values[place]
        take = empty & (least >> _BIN_BITS == _STARTS >> _BIN_BITS)
        filled[take] = (least[take] & _LOW).astype(np.uint16)
        empty &= ~take
        if not empty.any():
            return filled
    bins = np.flatnonzero(empty)
    for bin_ in bins:
        filled[bin_] = mixed(shingles, _STREAM + _ROUNDS + int(bin_)).min() & _LOW
    return filled


def opening(lead: npt.NDArray[np.uint32]) -> Signature:
    """16 bits of the least hash in each sixteenth of their range, zero where there is none: shape (16,).

    `lead` ascends. Nothing is estimated from these bins: they only help to find excerpts.
    """
    bounds = np.searchsorted(lead, _OPENING_BOUNDS)
    found = np.append(lead, np.uint32(0)).astype(np.uint16)[bounds[:-1]]
    found[bounds[:-1] == bounds[1:]] = 0
    return found


def matches(one: Signature, other: Signature) -> int:
    """How many of the 128 bins are equal."""
    return int(np.count_nonzero(one == other))
