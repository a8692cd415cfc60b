"""What the assigner compares: a story's field sums and its last members, as flat arrays.

In memory a profile is what `decode` makes of its bytes, also right after a change, so that
an index rebuilt from the table cannot differ from the one that grew.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas import StoryVectors
from streams.text.sparse import Ids, Weights, unpack

__all__ = ["FIELDS", "MEMBERS", "Matcher", "Profile", "Query", "article_profile", "decode", "encode", "joined"]

FIELDS = 4
"""Segments that are sums over all members: all, title, lead, ent."""

MEMBERS = 4
"""How many of the last members are kept; each has two segments, all and ent."""

KEPT_TERMS = 200
MAX_TERMS = 400
"""A sum that outgrows this is cut back to its `KEPT_TERMS` heaviest terms."""

# Each kind of segment has ids of its own, so that one look-up compares all fields at once.
_ALL, _TITLE, _LEAD, _ENT, _MEMBER_ALL, _MEMBER_ENT = (
    np.uint32(tag) for tag in (0, 0x3C6EF372, 0x78DDE6E4, 0xB54CDA56, 0xF1BBCDC8, 0x2E2AC13A)
)
_HEADER = struct.Struct("<IqqI")

Floats = NDArray[np.float64]


class Segment(NamedTuple):
    """A sparse vector, ids ascending."""

    ids: Ids
    weights: Weights


@dataclass(frozen=True, slots=True)
class Profile:
    """A live story as the assigner sees it; `first` and `last` in microseconds since 1970.

    `ids` and `weights` hold the segments one after the other, `ends` where each ends;
    `norms` are the lengths of the four sums.
    """

    size: int
    first: int
    last: int
    ids: Ids
    weights: Weights
    ends: NDArray[np.int64]
    norms: tuple[float, ...]

    @property
    def members(self) -> int:
        """How many recent members the profile still holds."""
        return (len(self.ends) - FIELDS) // 2

    def segment(self, number: int) -> Segment:
        """Segment `number`: the four sums, then all and ent of each member, oldest first."""
        start, end = (int(self.ends[number - 1]) if number else 0), int(self.ends[number])
        return Segment(self.ids[start:end], self.weights[start:end])

    def member(self, number: int) -> tuple[Segment, Segment]:
        """Segments all and ent of recent member `number`."""
        return self.segment(FIELDS + 2 * number), self.segment(FIELDS + 2 * number + 1)

    def heaviest(self, count: int) -> list[tuple[int, float]]:
        """The `count` heaviest terms of the whole-text sum, heaviest first, lower id first."""
        return _heaviest(self.segment(0), count)

    def posted(self, count: int) -> frozenset[int]:
        """Terms the story is found by: the heaviest of its sum and of each recent member."""
        terms = {term for term, _ in self.heaviest(count)}
        if self.size > 1:
            for number in range(self.members):
                ids, weights = self.member(number)[0]
                terms.update(term for term, _ in _heaviest(Segment(ids ^ _MEMBER_ALL, weights), count))
        return frozenset(terms)


def _heaviest(segment: Segment, count: int) -> list[tuple[int, float]]:
    order = np.lexsort((segment.ids, -segment.weights))[:count]
    return list(zip(segment.ids[order].tolist(), segment.weights[order].tolist(), strict=True))


def article_profile(vectors: StoryVectors, at: int) -> Profile:
    """Profile of a story of one article; ValueError when a vector is none."""
    fields = (vectors.all, vectors.title, vectors.lead, vectors.ent)
    sums = [
        _tagged(Segment(*unpack(vector)), tag) for vector, tag in zip(fields, (_ALL, _TITLE, _LEAD, _ENT), strict=True)
    ]
    return _profile(1, at, at, [*sums, *_as_member(sums)])


def joined(one: Profile, other: Profile) -> Profile:
    """One story of two; the members kept are the last of `other`, then those of `one`."""
    sums = [_sum(one.segment(number), other.segment(number)) for number in range(FIELDS)]
    members = [profile.member(number) for profile in (one, other) for number in range(profile.members)]
    recent = [segment for member in members[-MEMBERS:] for segment in member]
    first, last = min(one.first, other.first), max(one.last, other.last)
    return _profile(one.size + other.size, first, last, [*sums, *recent])


def _sum(one: Segment, other: Segment) -> Segment:
    ids, places = np.unique(np.concatenate((one.ids, other.ids)), return_inverse=True)
    weights = np.bincount(places, np.concatenate((one.weights, other.weights)), len(ids)).astype("<f4")
    if len(ids) > MAX_TERMS:
        kept = np.sort(np.lexsort((ids, -weights))[:KEPT_TERMS])
        ids, weights = ids[kept], weights[kept]
    return Segment(ids, weights)


def _tagged(segment: Segment, tag: np.uint32) -> Segment:
    ids = segment.ids ^ tag
    order = np.argsort(ids)
    return Segment(ids[order], segment.weights[order])


def _as_member(sums: Sequence[Segment]) -> tuple[Segment, Segment]:
    return _tagged(sums[0], _MEMBER_ALL), _tagged(sums[3], _ENT ^ _MEMBER_ENT)


def _profile(size: int, first: int, last: int, segments: Sequence[Segment]) -> Profile:
    # cumsum adds from left to right; sum() and dot() may not, and not everywhere the same.
    norms = tuple(
        float(np.sqrt(np.cumsum(np.square(segment.weights, dtype=np.float64))[-1])) if len(segment.ids) else 0.0
        for segment in segments[:FIELDS]
    )
    ids = np.concatenate([segment.ids for segment in segments])
    weights = np.concatenate([segment.weights for segment in segments])
    ends = np.cumsum([len(segment.ids) for segment in segments])
    return Profile(size, first, last, ids, weights, ends, norms)


def encode(profile: Profile) -> bytes:
    """Header, segment lengths, ids, weights, little-endian; a single article is not kept twice."""
    count = FIELDS if profile.size == 1 else len(profile.ends)
    end = int(profile.ends[count - 1])
    lengths = np.diff(profile.ends[:count], prepend=0).astype("<u4")
    header = _HEADER.pack(profile.size, profile.first, profile.last, count)
    return b"".join(
        (header, lengths.tobytes(), profile.ids[:end].astype("<u4").tobytes(), profile.weights[:end].tobytes())
    )


def decode(data: bytes) -> Profile:
    """The profile of its bytes."""
    size, first, last, count = _HEADER.unpack_from(data)
    lengths = np.frombuffer(data, "<u4", count, _HEADER.size)
    ends = np.cumsum(lengths, dtype=np.int64)
    total, start = int(ends[-1]), _HEADER.size + 4 * count
    ids = np.frombuffer(data, "<u4", total, start)
    weights = np.frombuffer(data, "<f4", total, start + 4 * total)
    segments = [
        Segment(ids[end - length : end], weights[end - length : end]) for length, end in zip(lengths, ends, strict=True)
    ]
    if size == 1:
        segments.extend(_as_member(segments))
    return _profile(size, first, last, segments)


class Query(NamedTuple):
    """Tagged terms to be looked up, ids ascending."""

    ids: Ids
    weights: Floats

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> "Query":
        """One query of several segments."""
        ids = np.concatenate([segment.ids for segment in segments])
        weights = np.concatenate([segment.weights for segment in segments])
        order = np.argsort(ids, kind="stable")
        return cls(ids[order], weights[order].astype(np.float64))


class Matcher:
    """Scalar products of a query with every segment of many profiles, in one pass over flat arrays."""

    def __init__(self) -> None:
        # Which low halves of ids the query has: sorts out most terms before the exact look-up.
        self._seen = np.zeros(1 << 16, dtype=np.bool_)

    def __call__(self, query: Query, profiles: Sequence[Profile]) -> list[Floats]:
        """One array a profile: the product with each of its segments."""
        ids = np.concatenate([profile.ids for profile in profiles])
        weights = np.concatenate([profile.weights for profile in profiles])
        ends = np.concatenate([profile.ends for profile in profiles])
        counts = [len(profile.ends) for profile in profiles]
        starts = np.cumsum([0, *(len(profile.ids) for profile in profiles[:-1])])
        places, products = self._products(query, ids, weights)
        # bincount adds in input order, so the sums are the same everywhere.
        hits = np.searchsorted(ends + np.repeat(starts, counts), places, side="right")
        sums = np.bincount(hits, products, len(ends)).astype(np.float64, copy=False)
        bounds = list(accumulate(counts, initial=0))
        return [sums[start:end] for start, end in pairwise(bounds)]

    def _products(self, query: Query, ids: Ids, weights: Weights) -> tuple[NDArray[np.intp], Floats]:
        low = query.ids.astype(np.uint16)
        self._seen[low] = True
        places = np.flatnonzero(self._seen[ids.astype(np.uint16)])
        self._seen[low] = False
        if not len(places):
            return places, np.zeros(0)
        found = ids[places]
        nearest = np.minimum(np.searchsorted(query.ids, found), len(query.ids) - 1)
        hit = query.ids[nearest] == found
        places, nearest = places[hit], nearest[hit]
        return places, query.weights[nearest] * weights[places]
