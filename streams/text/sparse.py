"""Sparse vectors on the wire: sorted uint32 ids and float32 weights, base64."""

from base64 import b64decode, b64encode
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from schemas import SparseVector

__all__ = ["Ids", "Weights", "pack", "unit", "unpack"]

MAX_TERMS = 256
"""More than any field has; bounds the work that one vector can cause."""

Ids = NDArray[np.uint32]
Weights = NDArray[np.float32]

_TOLERANCE = 1e-3


def unit(weights: dict[int, float], *, top: int) -> list[tuple[int, float]]:
    """The `top` heaviest terms in id order, scaled to length 1; equal weights go by the lower id."""
    kept = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:top]
    kept.sort()
    # In id order, so that the sum does not depend on the order of the text.
    length = sqrt(sum(weight * weight for _, weight in kept)) or 1.0
    return [(term, weight / length) for term, weight in kept]


def pack(pairs: list[tuple[int, float]]) -> SparseVector:
    """The contract's form of (id, weight) pairs that are sorted by id."""
    terms = np.array([term for term, _ in pairs], dtype="<u4")
    weights = np.array([weight for _, weight in pairs], dtype="<f4")
    return SparseVector(terms=b64encode(terms.tobytes()).decode(), weights=b64encode(weights.tobytes()).decode())


def unpack(vector: SparseVector) -> tuple[Ids, Weights]:
    """Ids and weights of a vector from the wire.

    Raises ValueError when the two differ in length, there are too many, the ids do not ascend,
    or the weights are not those of a unit vector. A vector may be empty.
    """
    ids = np.frombuffer(b64decode(vector.terms, validate=True), dtype="<u4")
    weights = np.frombuffer(b64decode(vector.weights, validate=True), dtype="<f4")
    if ids.size != weights.size or ids.size > MAX_TERMS or (ids[1:] <= ids[:-1]).any():
        raise ValueError(f"not a sparse vector: at most {MAX_TERMS} ascending ids, and as many weights")
    if ids.size and not _is_unit(weights):
        raise ValueError("not a sparse vector: weights must be positive and of length 1")
    return ids, weights


def _is_unit(weights: Weights) -> bool:
    # A comparison with NaN is false, so it is refused as well.
    squares = np.square(weights, dtype=np.float64)
    return bool(weights.min() > 0) and abs(float(squares.sum()) - 1) <= _TOLERANCE
