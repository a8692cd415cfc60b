"""What dedupe compares of two articles, small enough to travel with each.

A fingerprint holds three views of the set S of the text's word 3-grams, each 3-gram hashed:

- `minhash`, 128 x uint16: `streams.text.minhash` over S;
- `lead`, uint32: all 3-grams of the first 150 tokens, L (at most 148);
- `sample`, uint32: of the rest, S - L, the `SAMPLE` least hashes, all of them when there are fewer.

Hashes of the two lists come from one permutation of 32-bit numbers, so the lists of two
articles hold the same 3-grams as far as both reach; that makes them comparable (bottom-k
sampling, Cohen and Kaplan 2007). `streams.text.likeness` says what is estimated and how well.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas import Fingerprint
from streams.ids import content_id
from streams.text.minhash import BINS, Signature, signature
from streams.text.shingles import mixed, shingle_hashes
from streams.text.tokens import words

__all__ = ["LEAD_TOKENS", "SAMPLE", "VERSION", "Sketch", "content_hash", "fingerprint", "sketch_of"]

VERSION: Final = "fingerprint-1"

LEAD_TOKENS: Final = 150
"""What the lead rule looks at: recycled background comes further down."""

SAMPLE: Final = 144
"""Most hashes kept of the rest of a text; with the lead a fingerprint stays under 2 KB of base64."""

_SHORT: Final = np.uint64(32)

Hashes32 = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """A fingerprint as numbers; `sample` and `lead` ascend, `shingles` counts S, `tokens` the text."""

    tokens: int
    shingles: int
    minhash: Signature
    sample: Hashes32
    lead: Hashes32

    @property
    def complete(self) -> bool:
        """Whether the two lists are all of S."""
        return len(self.sample) + len(self.lead) == self.shingles


def content_hash(body_text: str) -> str:
    """Hash of the words of a body alone: equal for texts that differ only in formatting."""
    return _content_hash(words(body_text))


def fingerprint(body_text: str) -> Fingerprint:
    """The fingerprint of a body; about .5 ms for 900 words."""
    return _fingerprint(words(body_text))


def _content_hash(tokens: Sequence[str]) -> str:
    return content_id(" ".join(tokens))


def _fingerprint(tokens: Sequence[str]) -> Fingerprint:
    hashes = shingle_hashes(tokens)
    ordered = (mixed(hashes) >> _SHORT).astype(np.uint32)
    every = np.unique(ordered)
    lead = np.unique(ordered[: max(LEAD_TOKENS - 2, 0)])
    rest = every[~np.isin(every, lead, assume_unique=True)]
    return Fingerprint(
        version=VERSION,
        tokens=len(tokens),
        shingles=len(every),
        minhash=_base64(signature(hashes).astype("<u2")),
        sample=_base64(rest[:SAMPLE].astype("<u4")),
        lead=_base64(lead.astype("<u4")),
    )


def sketch_of(value: Fingerprint) -> Sketch:
    """Decode `value`; ValueError when it is of another version or not what its version promises."""
    if value.version != VERSION:
        raise ValueError(f"fingerprint version {value.version!r}")
    try:
        minhash, sample, lead = (
            np.frombuffer(base64.b64decode(text, validate=True), dtype)
            for text, dtype in ((value.minhash, "<u2"), (value.sample, "<u4"), (value.lead, "<u4"))
        )
    except binascii.Error as error:
        raise ValueError(f"fingerprint: {error}") from error
    if len(minhash) != BINS or len(sample) > SAMPLE or len(lead) > LEAD_TOKENS:
        raise ValueError("fingerprint: wrong length")
    if len(sample) + len(lead) > value.shingles or (len(sample) < SAMPLE) > (len(sample) + len(lead) == value.shingles):
        raise ValueError("fingerprint: wrong count")
    return Sketch(value.tokens, value.shingles, minhash, sample, lead)


def _base64(array: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
