"""How rare a term is: a fixed, versioned snapshot of document frequencies.

Fixed, so that an article gets the same vector in every run and replay; a new snapshot
is a new version. `tools/build_idf.py` makes it. It holds hashed terms only.
"""

import math
from dataclasses import dataclass, field
from functools import cache
from hashlib import blake2b
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["SNAPSHOT", "Idf", "Snapshot", "snapshot"]

SNAPSHOT = "idf-en-1"
"""The snapshot in use: a file of `streams/text/data`."""


@dataclass(frozen=True, slots=True)
class Idf:
    """Inverse document frequency of hashed terms among `documents` background articles.

    `ln(1 + (N + 1) / (df + 1/2))`, the never negative form of Robertson and Sparck Jones'
    weight; a term the background does not hold counts as df 0.
    """

    documents: int
    weights: dict[int, float]
    unseen: float

    def __call__(self, term: int) -> float:
        """Weight of one term id."""
        return self.weights.get(term, self.unseen)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """`words` for running text, `names` for capitalised runs and numbers.

    `average_length` is the mean weighted length of a background article, in words.
    """

    version: str
    words: Idf = field(repr=False)
    names: Idf = field(repr=False)
    average_length: float


@cache
def snapshot(name: str = SNAPSHOT) -> Snapshot:
    """Load a snapshot of the package data; its version carries a hash of its content."""
    with files("streams.text").joinpath(f"data/{name}.npz").open("rb") as stream, np.load(stream) as arrays:
        content = {key: arrays[key] for key in sorted(arrays.files)}
    digest = blake2b(digest_size=4)
    for key, array in content.items():
        digest.update(key.encode())
        digest.update(array.tobytes())
    documents = int(content["documents"])
    return Snapshot(
        version=f"{name}-{digest.hexdigest()}",
        words=_idf(documents, content["word_ids"], content["word_df"]),
        names=_idf(documents, content["name_ids"], content["name_df"]),
        average_length=float(content["average_length"]),
    )


def _idf(documents: int, ids: NDArray[np.uint32], frequencies: NDArray[np.uint16]) -> Idf:
    def weight(frequency: int) -> float:
        # float32: another libm must not give another vector.
        return float(np.float32(math.log(1 + (documents + 1) / (frequency + 0.5))))

    by_frequency = {int(frequency): weight(int(frequency)) for frequency in np.unique(frequencies)}
    weights = {int(term): by_frequency[int(frequency)] for term, frequency in zip(ids, frequencies, strict=True)}
    return Idf(documents, weights, weight(0))
