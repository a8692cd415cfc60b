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
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas import Fingerprint
from streams.ids import content_id
from streams.text.minhash import BINS, Signature, opening, signature
from streams.text.shingles import SHINGLE_WORDS, mixed, shingle_hashes
from streams.text.tokens import words

__all__ = ["LEAD_TOKENS", "SAMPLE", "VERSION", "Sketch", "content_hash", "fingerprint", "identify", "sketch_of"]

VERSION: Final = "fingerprint-1"

LEAD_TOKENS: Final = 150
"""What the lead rule looks at: recycled background comes further down."""

SAMPLE: Final = 144
"""Most hashes kept of the rest of a text; with the lead a fingerprint stays under 2 KB of base64."""

_MOST_LEAD: Final = LEAD_TOKENS - SHINGLE_WORDS + 1
_MOST_TOKENS: Final = 2**31 - 1
_MOST_CHARACTERS: Final = 1024

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

    @property
    def bins(self) -> Signature:
        """What a similar text is found by: the signature of S and 16 bins of L, shape (144,)."""
        return np.concatenate((self.minhash, opening(self.lead)))


def content_hash(body_text: str) -> str:
    """Hash of the words of a body alone: equal for texts that differ only in formatting."""
    return _content_hash(words(body_text))


def fingerprint(body_text: str) -> Fingerprint:
    """The fingerprint of a body; about .5 ms for 900 words."""
    return _fingerprint(words(body_text))


def identify(body_text: str) -> tuple[str, Fingerprint]:
    """Both, `content_hash` and `fingerprint`, for one pass over the words."""
    tokens = words(body_text)
    return _content_hash(tokens), _fingerprint(tokens)


def _content_hash(tokens: Sequence[str]) -> str:
    return content_id(" ".join(tokens))


def _fingerprint(tokens: Sequence[str]) -> Fingerprint:
    hashes = shingle_hashes(tokens)
    ordered = (mixed(hashes) >> _SHORT).astype(np.uint32)
    every = np.unique(ordered)
    lead = np.unique(ordered[:_MOST_LEAD])
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
        raise ValueError(f"fingerprint version {value.version!r:.80}")
    minhash, sample, lead = (
        _array(text, dtype) for text, dtype in ((value.minhash, "<u2"), (value.sample, "<u4"), (value.lead, "<u4"))
    )
    if len(minhash) != BINS or len(sample) > SAMPLE or len(lead) > _MOST_LEAD:
        raise ValueError("fingerprint: wrong length")
    if not (_ascends(sample) and _ascends(lead)):
        raise ValueError("fingerprint: hashes do not ascend")
    if value.shingles > value.tokens or value.tokens > _MOST_TOKENS or (value.shingles > 0) != (value.tokens > 0):
        raise ValueError("fingerprint: impossible counts")
    sketch = Sketch(value.tokens, value.shingles, minhash, sample, lead)
    held = len(sample) + len(lead)
    if held > value.shingles or (held < value.shingles and len(sample) < SAMPLE) or (value.shingles and not len(lead)):
        raise ValueError("fingerprint: counts and hashes do not agree")
    return sketch


def _array(text: str, dtype: str) -> npt.NDArray[Any]:
    if len(text) > _MOST_CHARACTERS:
        raise ValueError("fingerprint: too long")
    try:
        return np.frombuffer(base64.b64decode(text, validate=True), dtype)
    except ValueError as error:
        raise ValueError(f"fingerprint: {error}") from error


def _ascends(hashes: Hashes32) -> bool:
    return bool((hashes[1:] > hashes[:-1]).all())


def _base64(array: npt.NDArray[np.uint16] | npt.NDArray[np.uint32]) -> str:
    return base64.b64encode(array.tobytes()).decode("ascii")
