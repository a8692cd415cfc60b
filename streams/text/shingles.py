"""Hashes of word 3-grams, the sets that similarity is measured on.

A token is hashed with XXH3-64 (a frozen format since xxHash 0.8.0), three of them are
combined with odd multipliers and mixed with the finalizer of splitmix64 (Steele, Lea and
Flood 2014). Every constant stands here: a hash never depends on a library's version.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
import xxhash

__all__ = ["SHINGLE_WORDS", "Hashes", "mixed", "shingle_hashes"]

Hashes = npt.NDArray[np.uint64]

SHINGLE_WORDS: Final = 3
"""3-grams find .997 of edited copies at Jaccard .5, 5-grams .981 (3,687 synthetic pairs)."""

_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_PLACES: Final = (np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0x165667B19E3779F9), np.uint64(0xD6E8FEB86659FD93))


def mixed(values: Hashes, stream: int = 0) -> Hashes:
    """A permutation of the 64-bit numbers, another one for each `stream`: step and finalizer of splitmix64."""
    z = values + np.uint64((int(_GOLDEN) * (stream + 1)) & 0xFFFFFFFFFFFFFFFF)
    z = (z ^ (z >> np.uint64(30))) * _FIRST
    z = (z ^ (z >> np.uint64(27))) * _SECOND
    return z ^ (z >> np.uint64(31))


def shingle_hashes(tokens: Sequence[str]) -> Hashes:
    """One hash for each run of three tokens, in text order, repeats included: shape (len(tokens) - 2,).

    One or two tokens make one shingle; no tokens make none.
    """
    encoded = (token.encode("utf-8", "surrogatepass") for token in tokens)
    hashes = np.fromiter(map(xxhash.xxh3_64_intdigest, encoded), np.uint64, len(tokens))
    width = min(SHINGLE_WORDS, len(hashes))
    count = len(hashes) - width + 1 if width else 0
    combined = np.zeros(count, np.uint64)
    for place in range(width):
        combined += hashes[place : place + count] * _PLACES[place]
    return mixed(combined)
