"""A first-in, first-out index of MinHash signatures and content hashes in flat numpy arrays.

Locality-sensitive hashing (Indyk and Motwani 1998): the signature of a text is cut into 42
bands of 3 bins, that of its opening into 8 of 2, and two texts meet when one band is equal.
With J the Jaccard similarity, of the texts or of the openings, that happens with probability
1 - (1 - J^3)^42, .996 at .5 and .68 at .3, or 1 - (1 - J^2)^8, .97 at .6: the openings find
excerpts. Each band, and the content hash, is a hash table of chains that lead from the
newest row to older ones.

Rows are numbered in the order they came and kept in a ring. Heads and links hold places
(numbers less that of the first row when the arrays were made), so that one below the first
row held is the end of its chain, whatever that part of the ring is used for now. The arrays
take 600 to 680 bytes a row when full, half as much again just after growing.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.text.minhash import BINS, OPENING_BINS, Signature

__all__ = ["BANDS", "LshIndex", "Row"]

_WIDTH: Final = BINS + OPENING_BINS

# A pair repeats its second bin: all keys are then made of three.
BANDS: Final = np.array(
    [(at, at + 1, at + 2) for at in range(0, BINS - 2, 3)] + [(at, at + 1, at + 1) for at in range(BINS, _WIDTH, 2)]
)
"""The bins of each band, by their places in a signature with the opening's at its end: shape (50, 3)."""

_QUADS: Final = np.column_stack((BANDS, BANDS[:, 2]))  # two bytes each: a key is eight bytes as they lie in memory
_BANDS: Final = len(BANDS)
_CONTENT: Final = _BANDS  # the last column chains equal content hashes
_COLUMNS: Final = np.arange(_BANDS + 1)
_DEPTH: Final = 64
_STRIDE: Final = 16
_FEW: Final = 12
_FIRST_CAPACITY: Final = 256
_LAST_PLACE: Final = 2**31 - 1
_FIBONACCI: Final = np.uint64(0x9E3779B97F4A7C15)

_Places = npt.NDArray[np.int64]
_Keys = npt.NDArray[np.uint64]


class Row(NamedTuple):
    """A text: 64 bits of its content hash, when it came, its 144 bins when it may be found by those."""

    content: int
    at: int
    signature: Signature | None


class LshIndex:
    """Rows numbered from `first` on, dropped in the order they came.

    Answers depend only on which rows are held, not on the capacity or on rows held
    before: of the rows that share a band with a query, the newest 64 are looked at.
    """

    def __init__(self, first: int = 0, rows: Iterable[Row] = ()) -> None:
        self._base = first
        self._start = self._end = 0  # places of the first row held and of the next to come
        self._allocate(_FIRST_CAPACITY)
        for row in rows:
            self._put(row)
        self._chain_all()

    def __len__(self) -> int:
        return self._end - self._start

    @property
    def next(self) -> int:
        """The number that the next row gets."""
        return self._base + self._end

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays: all that an index takes."""
        arrays = (self._heads, self._links, self._signatures, self._contents, self._times, self._compared)
        return sum(array.nbytes for array in arrays)

    def add(self, row: Row) -> int:
        """Append a row; its number."""
        if self._full:
            self._move()
            self._chain_all()
        place = self._put(row)
        chained = _COLUMNS if row.signature is not None else _COLUMNS[_CONTENT:]
        keys = np.full(len(chained), row.content, np.uint64)
        if row.signature is not None:
            keys[:_BANDS] = _keys(row.signature)
        heads = self._slots(keys, chained)
        self._links[place % self._capacity, chained] = self._heads.take(heads)
        self._heads[heads] = place
        return self._base + place

    def with_content(self, content: int) -> int | None:
        """Number of the newest row with this content hash."""
        place = self._heads.item(self._slots(np.array([content], np.uint64), _COLUMNS[_CONTENT:]).item())
        while place >= self._start:
            at = place % self._capacity
            if self._contents.item(at) == content:
                return self._base + place
            place = self._links.item(at, _CONTENT)
        return None

    def nearest(self, signature: Signature, *, most: int, least_matches: int) -> list[int]:
        """Numbers of the `most` rows with the most equal bins of those that share a band; older first among equals."""
        places = self._sharing_a_band(signature)
        if not len(places):
            return []
        matches = (self._signatures[places % self._capacity] == signature).sum(axis=1)
        enough = matches >= least_matches
        places, matches = places[enough], matches[enough]
        found: list[int] = (self._base + places[np.lexsort((places, -matches))[:most]]).tolist()
        return found

    def oldest(self) -> tuple[int, int] | None:
        """Number and time of the row that came first."""
        if not len(self):
            return None
        return self._base + self._start, int(self._times[self._start % self._capacity])

    def drop_oldest(self) -> None:
        """Forget the row that came first, if any."""
        self._start = min(self._start + 1, self._end)

    @property
    def _full(self) -> bool:
        return len(self) == self._capacity or self._end == _LAST_PLACE

    def _put(self, row: Row) -> int:
        """Put a row into the ring, in no chain yet; its place."""
        if self._full:
            self._move()
        place, at = self._end, self._end % self._capacity
        self._contents[at], self._times[at] = row.content, row.at
        self._compared[at] = row.signature is not None
        self._signatures[at] = 0 if row.signature is None else row.signature
        self._end += 1
        return place

    def _allocate(self, capacity: int) -> None:
        self._capacity = capacity
        bits = max(1, (capacity * 3 // 4).bit_length() - 1)  # 1.3 to 2.7 rows to a head
        self._shift = np.uint64(64 - bits)
        self._offsets = _COLUMNS << bits
        self._heads = np.full(len(_COLUMNS) << bits, -1, np.int32)
        self._links = np.full((capacity, _BANDS + 1), -1, np.int32)
        self._signatures = np.zeros((capacity, _WIDTH), np.uint16)
        self._contents = np.zeros(capacity, np.uint64)
        self._times = np.zeros(capacity, np.int64)
        self._compared = np.zeros(capacity, np.bool_)

    def _move(self) -> None:
        """Move the rows held to arrays half as large again, the first of them at place 0, in no chain."""
        at = np.arange(self._start, self._end) % self._capacity
        kept = self._contents[at], self._times[at], self._compared[at], self._signatures[at]
        self._base += self._start
        self._allocate(max(_FIRST_CAPACITY, len(at) + len(at) // 2))
        held = slice(len(at))
        self._contents[held], self._times[held], self._compared[held], self._signatures[held] = kept
        self._start, self._end = 0, len(at)

    def _chain_all(self) -> None:
        """Link all rows of arrays just made, whose places are 0, 1, 2 ..., a column at a time."""
        for column in _COLUMNS.tolist():
            if column == _CONTENT:
                places, keys = np.arange(self._end), self._contents[: self._end]
            else:
                places = np.flatnonzero(self._compared[: self._end])
                keys = self._signatures[places[:, None], _QUADS[column]].view(np.uint64)[:, 0]
            slots = self._slots(keys, _COLUMNS[column : column + 1])
            order = np.argsort(slots, kind="stable")
            places, slots = places[order], slots[order]
            again = slots[1:] == slots[:-1]
            self._links[places[1:][again], column] = places[:-1][again]
            self._heads[slots] = places  # of equal slots the last, which is the newest, stays

    def _slots(self, keys: _Keys, columns: _Places) -> _Places:
        """Where in the heads the chains of `keys` start."""
        return (keys * _FIBONACCI >> self._shift).astype(np.int64) + self._offsets[columns]

    def _sharing_a_band(self, signature: Signature) -> _Places:
        """Places of the rows met in any band, each once, ascending."""
        columns = _COLUMNS[:_BANDS]
        places = self._heads.take(self._slots(_keys(signature), columns)).astype(np.int64)
        left = np.full(_BANDS, _DEPTH)
        met: list[_Places] = []
        while len(places):
            seen, seen_columns, places, columns = self._walk(places, columns)
            hit = self._hits(signature, seen, seen_columns)
            if len(hit):
                met.append(_newest_of_each(seen[hit], seen_columns[hit], left))
                open_ = left[columns] > 0
                places, columns = places[open_], columns[open_]
        return np.unique(np.concatenate(met)) if met else np.zeros(0, np.int64)

    def _walk(self, places: _Places, columns: _Places) -> tuple[_Places, _Places, _Places, _Places]:
        """Follow chains for some steps: (place, column) of all that was seen, and where the chains go on.

        Most chains are short: all are followed at once while they are many, then one by one.
        """
        seen, seen_columns = [], []
        for _ in range(_STRIDE):
            there = places >= self._start
            places, columns = places[there], columns[there]
            if len(places) <= _FEW:
                alone, alone_columns, places, columns = self._follow(places, columns)
                seen.append(alone)
                seen_columns.append(alone_columns)
                break
            seen.append(places)
            seen_columns.append(columns)
            places = self._links.take(places % self._capacity * len(_COLUMNS) + columns).astype(np.int64)
        return np.concatenate(seen), np.concatenate(seen_columns), places, columns

    def _follow(self, places: _Places, columns: _Places) -> tuple[_Places, _Places, _Places, _Places]:
        """The same, one chain after another."""
        seen, seen_columns, places_left, columns_left = list[int](), list[int](), list[int](), list[int]()
        for place, column in zip(places.tolist(), columns.tolist(), strict=True):
            most = len(seen) + _DEPTH
            while place >= self._start and len(seen) < most:
                seen.append(place)
                seen_columns.append(column)
                place = self._links.item(place % self._capacity, column)  # noqa: PLW2901 - the chain's next
            if place >= self._start:
                places_left.append(place)
                columns_left.append(column)
        lists = seen, seen_columns, places_left, columns_left
        one, two, three, four = (np.array(numbers, np.int64) for numbers in lists)
        return one, two, three, four

    def _hits(self, signature: Signature, places: _Places, columns: _Places) -> _Places:
        """Which of the rows at `places` have the band of `columns`. Few pass the first bin."""
        starts = places % self._capacity * _WIDTH
        first = BANDS[columns, 0]
        hit = np.flatnonzero(self._signatures.take(starts + first) == signature.take(first))
        if len(hit):
            bins = BANDS[columns[hit]]
            hit = hit[(self._signatures.take(starts[hit, None] + bins) == signature[bins]).all(axis=1)]
        return hit


def _keys(signature: Signature) -> _Keys:
    """One number for each band."""
    return signature.take(_QUADS).view(np.uint64)[:, 0]


def _newest_of_each(places: _Places, columns: _Places, left: _Places) -> _Places:
    """The newest of each column, as many as are `left` of it; takes them off `left`."""
    order = np.lexsort((-places, columns))
    columns = columns[order]
    rank = np.arange(len(columns)) - np.searchsorted(columns, columns)
    allowed = rank < left[columns]
    np.subtract.at(left, columns, 1)
    return places[order[allowed]]
