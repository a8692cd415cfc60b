"""How alike two texts are, estimated from their fingerprints.

With S the set of a text's word 3-grams, L those of its first 150 tokens, for texts a and b:

- similarity: Jaccard, |Sa & Sb| / |Sa | Sb|;
- containment: |Sa & Sb| / min(|Sa|, |Sb|);
- lead share: the larger of |La & Sb| / |La| and |Lb & Sa| / |Lb|.

|La & Lb| is known exactly. What a lead shares with the other's rest, and the rests with
each other, is the share found among the hashes both samples reach, times the known sizes
(a stratified ratio estimate). The signatures give |Sa & Sb| a second time,
J / (1 + J) * (|Sa| + |Sb|), from independent hashes; the two are averaged by how many hashes each rests on.
Two texts of at most 292 3-grams are compared exactly.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streams.text.fingerprint import Hashes32, Sketch
from streams.text.minhash import BINS, matches

__all__ = ["Likeness", "likeness"]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Three shares from 0 to 1."""

    similarity: float
    containment: float
    lead_share: float


def likeness(one: Sketch, other: Sketch) -> Likeness:
    """Compare two sketches; symmetric. Nothing is like a text without shingles."""
    if not one.shingles or not other.shingles:
        return Likeness(0.0, 0.0, 0.0)
    both, returned_both = _among(one.lead, other.lead), _among(other.lead, one.lead)
    leads = int(np.count_nonzero(both))
    found = leads + _lead_in_rest(one.lead[~both], other)
    returned = leads + _lead_in_rest(other.lead[~returned_both], one)
    rests, support = _rest_in_rest(one, other)
    shared = _averaged(one, other, found + returned - leads + rests, support)
    return Likeness(
        similarity=shared / (one.shingles + other.shingles - shared),
        containment=shared / min(one.shingles, other.shingles),
        lead_share=max(_share(found, len(one.lead)), _share(returned, len(other.lead))),
    )


def _share(part: float, whole: int) -> float:
    return min(part / whole, 1.0) if whole else 0.0


def _reach(sketch: Sketch) -> int:
    """The largest hash up to which the sample is all of the rest."""
    return 0xFFFFFFFF if sketch.complete else int(sketch.sample[-1])


def _common(one: Hashes32, other: Hashes32) -> int:
    return int(np.count_nonzero(_among(one, other)))


def _among(one: Hashes32, other: Hashes32) -> npt.NDArray[np.bool_]:
    """Which of `one` are in `other`; both ascend."""
    place = other.searchsorted(one)
    place[place == len(other)] = 0  # it is beyond the last one, and so not the first
    return other[place] == one if len(other) else np.zeros(len(one), np.bool_)


def _lead_in_rest(open_: Hashes32, other: Sketch) -> float:
    """How many of a lead, of which `open_` is what `other`'s lead has not, are in `other`'s rest."""
    reached = open_[: open_.searchsorted(_reach(other), "right")]
    return _common(reached, other.sample) * len(open_) / len(reached) if len(reached) else 0.0


def _rest_in_rest(one: Sketch, other: Sketch) -> tuple[float, int]:
    """How many the rests share, and the number of hashes that rests on."""
    reach = min(_reach(one), _reach(other))
    reached = [sketch.sample[: sketch.sample.searchsorted(reach, "right")] for sketch in (one, other)]
    seen = len(reached[0]) + len(reached[1])
    total = one.shingles - len(one.lead) + other.shingles - len(other.lead)
    return (_common(*reached) * total / seen if seen else 0.0), seen


def _averaged(one: Sketch, other: Sketch, shared: float, support: int) -> float:
    both = one.shingles + other.shingles
    if not (one.complete and other.complete):
        equal = matches(one.minhash, other.minhash)
        support += len(one.lead) + len(other.lead)
        shared = (shared * support + equal / (BINS + equal) * both * BINS) / (support + BINS)
    return min(shared, float(one.shingles), float(other.shingles))
