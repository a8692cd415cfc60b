"""Sparse vectors on the wire: sorted uint32 ids and float32 weights, base64."""

import math
from base64 import b64decode, b64encode

import numpy as np
from numpy.typing import NDArray

from schemas import SparseVector

__all__ = ["Floats", "Ids", "Weights", "pack", "unit", "unpack"]

MAX_TERMS = 256
"""More than any field has; bounds the work that one vector can cause."""

Ids = NDArray[np.uint32]
Weights = NDArray[np.float32]
Floats = NDArray[np.float64]

_TOLERANCE = 1e-3


def unit(ids: Ids, weights: Floats, *, top: int) -> tuple[Ids, Weights]:
    """The `top` heaviest of some distinct terms in id order, scaled to length 1; equal weights go by the lower id."""
    order = np.lexsort((ids, -weights))[:top]
    order = order[ids[order].argsort()]
    kept = weights[order]
    # cumsum adds in id order, so that the length does not depend on the order of the text.
    length = math.sqrt(np.square(kept).cumsum()[-1]) if kept.size else 1.0
    return ids[order], (kept / length).astype("<f4")


def pack(ids: Ids, weights: Weights) -> SparseVector:
    """The contract's form of a vector whose ids ascend."""
    return SparseVector(terms=_base64(ids.astype("<u4")), weights=_base64(weights.astype("<f4")))


def _base64(values: Ids | Weights) -> str:
    return b64encode(values.tobytes()).decode()


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
