"""What the assigner compares: a story's field sums and its last members, as flat arrays.

A profile equals what `decode` makes of its bytes, array for array, so that an index
rebuilt from the table cannot differ from the one that grew.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas import StoryVectors
from streams.text.sparse import Floats, Ids, Weights, unpack

__all__ = ["FIELDS", "MEMBERS", "Matcher", "Profile", "Query", "Shelf", "article_profile", "decode", "encode", "joined"]

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
_FIELD_NUMBERS = np.arange(FIELDS)
_FIELD_KEYS = _FIELD_NUMBERS.astype(np.uint64) << np.uint64(32)
_HEADER = struct.Struct("<IqqI")


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
    ids, weights = segment
    if len(ids) > count:
        # The weight of the last place first: only a few terms are then left to sort by id as well.
        kept = weights >= np.partition(weights, -count)[-count]
        ids, weights = ids[kept], weights[kept]
    order = np.lexsort((ids, -weights))[:count]
    return list(zip(ids[order].tolist(), weights[order].tolist(), strict=True))


def article_profile(vectors: StoryVectors, at: int) -> Profile:
    """Profile of a story of one article; ValueError when a vector is none."""
    fields = (vectors.all, vectors.title, vectors.lead, vectors.ent)
    sums = [
        _tagged(Segment(*unpack(vector)), tag) for vector, tag in zip(fields, (_ALL, _TITLE, _LEAD, _ENT), strict=True)
    ]
    return _profile(1, at, at, [*sums, *_as_member(sums)])


def joined(one: Profile, other: Profile) -> Profile:
    """One story of two; the members kept are the last of `other`, then those of `one`."""
    members = [profile.member(number) for profile in (one, other) for number in range(profile.members)]
    recent = [segment for member in members[-MEMBERS:] for segment in member]
    first, last = min(one.first, other.first), max(one.last, other.last)
    return _profile(one.size + other.size, first, last, [*_sums(one, other), *recent])


def _sums(one: Profile, other: Profile) -> list[Segment]:
    """The sums of both, all fields in one sort."""
    keys = np.concatenate([_keys(profile) for profile in (one, other)])
    terms = np.concatenate([profile.weights[: profile.ends[FIELDS - 1]] for profile in (one, other)])
    found, places = np.unique(keys, return_inverse=True)
    ids, weights = found.astype("<u4"), np.bincount(places, terms, len(found)).astype("<f4")
    bounds = (0, *found.searchsorted(_FIELD_KEYS[1:]).tolist(), len(found))
    return [_cut(Segment(ids[start:end], weights[start:end])) for start, end in pairwise(bounds)]


def _keys(profile: Profile) -> NDArray[np.uint64]:
    """Field and id of each term of the sums, as one number."""
    ends = profile.ends[:FIELDS]
    return np.repeat(_FIELD_KEYS, _lengths(ends)) | profile.ids[: ends[-1]]


def _lengths(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    lengths = ends.copy()
    lengths[1:] -= ends[:-1]
    return lengths


def _cut(segment: Segment) -> Segment:
    ids, weights = segment
    if len(ids) <= MAX_TERMS:
        return segment
    kept = np.sort(np.lexsort((ids, -weights))[:KEPT_TERMS])
    return Segment(ids[kept], weights[kept])


def _tagged(segment: Segment, tag: np.uint32) -> Segment:
    ids = segment.ids ^ tag
    order = ids.argsort()
    return Segment(ids[order], segment.weights[order])


def _as_member(sums: Sequence[Segment]) -> tuple[Segment, Segment]:
    return _tagged(sums[0], _MEMBER_ALL), _tagged(sums[3], _ENT ^ _MEMBER_ENT)


def _profile(size: int, first: int, last: int, segments: Sequence[Segment]) -> Profile:
    ids = np.concatenate([segment.ids for segment in segments])
    weights = np.concatenate([segment.weights for segment in segments])
    lengths = [len(segment.ids) for segment in segments]
    ends = np.fromiter(accumulate(lengths), np.int64, len(lengths))
    # bincount adds in input order; sum() and dot() may not, and not everywhere the same.
    squares = np.square(weights[: ends[FIELDS - 1]], dtype=np.float64)
    norms = np.sqrt(np.bincount(np.repeat(_FIELD_NUMBERS, lengths[:FIELDS]), squares, FIELDS))
    return Profile(size, first, last, ids, weights, ends, tuple(norms.tolist()))


def encode(profile: Profile) -> bytes:
    """Header, segment lengths, ids, weights, little-endian; a single article is not kept twice."""
    count = FIELDS if profile.size == 1 else len(profile.ends)
    end = int(profile.ends[count - 1])
    lengths = _lengths(profile.ends[:count]).astype("<u4")
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
    """Tagged terms to be looked up, ids ascending.

    Terms of two kinds get one id with a chance of 2**-32 a pair, as hashes do; the first is then the one
    that is found, everywhere alike.
    """

    ids: Ids
    weights: Floats

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> "Query":
        """One query of several segments."""
        ids = np.concatenate([segment.ids for segment in segments])
        weights = np.concatenate([segment.weights for segment in segments])
        order = np.argsort(ids, kind="stable")
        return cls(ids[order], weights[order].astype(np.float64))


class Shelf(NamedTuple):
    """Profiles side by side as flat arrays, to be compared with some queries."""

    ids: Ids
    weights: Weights
    ends: NDArray[np.int64]
    counts: list[int]

    @classmethod
    def of(cls, profiles: Sequence[Profile]) -> "Shelf":
        """A shelf of one profile or more."""
        counts = [len(profile.ends) for profile in profiles]
        starts = list(accumulate((len(profile.ids) for profile in profiles[:-1]), initial=0))
        return cls(
            np.concatenate([profile.ids for profile in profiles]),
            np.concatenate([profile.weights for profile in profiles]),
            np.concatenate([profile.ends for profile in profiles]) + np.repeat(starts, counts),
            counts,
        )


class Matcher:
    """Scalar products of queries with every segment of many profiles, in one pass over flat arrays."""

    def __init__(self) -> None:
        # Which low halves of ids the query has: sorts out most terms before the exact look-up.
        self._seen = np.zeros(1 << 16, dtype=np.bool_)

    def __call__(self, queries: Sequence[Query], profiles: Sequence[Profile]) -> list[list[list[float]]]:
        """For each query and each profile the products with each of its segments."""
        shelf = Shelf.of(profiles)
        low = shelf.ids.astype(np.uint16)
        return [self._products(query, shelf, low) for query in queries]

    def _products(self, query: Query, shelf: Shelf, low: NDArray[np.uint16]) -> list[list[float]]:
        places = self._likely(query, low)
        found = shelf.ids[places]
        nearest = query.ids.searchsorted(found)
        hit = query.ids.take(nearest, mode="clip") == found
        places, nearest = places[hit], nearest[hit]
        # bincount adds in input order, so the sums are the same everywhere.
        hits = shelf.ends.searchsorted(places, side="right")
        sums = np.bincount(hits, query.weights[nearest] * shelf.weights[places], len(shelf.ends)).tolist()
        return [sums[start:end] for start, end in pairwise(accumulate(shelf.counts, initial=0))]

    def _likely(self, query: Query, low: NDArray[np.uint16]) -> NDArray[np.intp]:
        own = query.ids.astype(np.uint16)
        self._seen[own] = True
        places = np.flatnonzero(self._seen[low])
        self._seen[own] = False
        return places
