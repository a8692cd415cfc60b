"""One order for the records of several partitions, the same at every run, and as near as can be to what happened.

Records of a topic that a single writer reads are merged by when they were appended: within
a language that is their order anyhow. What a stateless stage reads was taken up in an order
that only its outputs show, in the topic of the single writer behind it: of two records
whose outputs are in one partition there, the one goes first whose output does.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from streams.codec import Record, origin_of
from streams.state.protocols import Origin

__all__ = ["Merge", "OriginSet", "Outputs", "Place", "Places"]

_OFFSET_BITS = 48


class Place(NamedTuple):
    """Where the first output of a record stands: `number` counts those of its `partition` that belong to the replay."""

    partition: int
    number: int
    time_ms: int


def _packed(origin: Origin) -> int:
    return origin.partition << _OFFSET_BITS | min(origin.offset, (1 << _OFFSET_BITS) - 1)


class OriginSet:
    """Origins of records, eight bytes each."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._packed = array("q")
        self._sorted: NDArray[np.int64] | None = None
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take in the origin of a record."""
        self._packed.append(_packed(origin_of(record)))
        self._sorted = None

    def __contains__(self, origin: object) -> bool:
        if not isinstance(origin, Origin):
            return False
        found, wanted = self.sorted(), _packed(origin)
        at = int(np.searchsorted(found, wanted))
        return at < len(found) and int(found[at]) == wanted

    def sorted(self) -> NDArray[np.int64]:
        """The origins as numbers, ascending, each once."""
        if self._sorted is None:
            self._sorted = np.unique(np.array(self._packed, dtype=np.int64))
        return self._sorted


class Outputs:
    """What is noted of the records of an output topic, 18 bytes each: origin, partition, time; in the order of each."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self.origins, self.partitions, self.times = array("q"), array("h"), array("q")
        for record in records:
            self.add(record)

    def add(self, record: Record) -> None:
        """Take note of a record."""
        self.origins.append(_packed(origin_of(record)))
        self.partitions.append(record.partition)
        self.times.append(record.timestamp_ms)


class Places:
    """The place of each record that has an output; of outputs that came twice, the first counts."""

    def __init__(
        self,
        origins: NDArray[np.int64],
        partitions: NDArray[np.int16],
        numbers: NDArray[np.int64],
        times: NDArray[np.int64],
    ) -> None:
        self._origins, self._partitions, self._numbers, self._times = origins, partitions, numbers, times

    @classmethod
    def of(cls, inputs: OriginSet, outputs: Outputs) -> Self:
        """Places of the outputs of `inputs`; outputs of anything else take no part."""
        origins = np.array(outputs.origins, dtype=np.int64)
        partitions = np.array(outputs.partitions, dtype=np.int16)
        unique, first = np.unique(origins, return_index=True)
        taken = np.isin(unique, inputs.sorted(), assume_unique=True)
        unique, first = unique[taken], first[taken]
        numbers = np.zeros(len(unique), dtype=np.int64)
        for partition in np.unique(partitions):
            own = np.flatnonzero(partitions[first] == partition)
            numbers[own[np.argsort(first[own])]] = np.arange(len(own))
        return cls(unique, partitions[first], numbers, np.array(outputs.times, dtype=np.int64)[first])

    def __len__(self) -> int:
        return len(self._origins)

    def find(self, record: Record) -> Place | None:
        """The place of the first output of `record`."""
        wanted = _packed(origin_of(record))
        at = int(np.searchsorted(self._origins, wanted))
        if at == len(self._origins) or int(self._origins[at]) != wanted:
            return None
        return Place(int(self._partitions[at]), int(self._numbers[at]), int(self._times[at]))


class _Head(NamedTuple):
    record: Record
    place: Place | None

    def rank(self) -> tuple[int, int]:
        """Earlier first, then by partition: no two heads are of one partition."""
        return self.place.time_ms if self.place else self.record.timestamp_ms, self.record.partition


class Merge:
    """Records of several partitions into one order that keeps that of each.

    What comes next depends on what is left alone: a merge that begins in the middle goes
    on as the one that was cut off would have.
    """

    def __init__(self, partitions: Iterable[int], places: Places | None = None) -> None:
        self._waiting: dict[int, deque[Record]] = {partition: deque() for partition in sorted(partitions)}
        self._heads: dict[int, _Head] = {}
        self._places = places
        self._next: dict[int, int] = {}

    @property
    def starving(self) -> tuple[int, ...]:
        """Partitions whose next record must be known before anything can be said."""
        return tuple(p for p, waiting in self._waiting.items() if not waiting and p not in self._heads)

    def feed(self, partition: int, records: Sequence[Record]) -> None:
        """The next records of a partition."""
        self._waiting[partition].extend(records)

    def finish(self, partition: int) -> None:
        """No more will come of a partition that has nothing waiting."""
        if not self._waiting[partition] and partition not in self._heads:
            del self._waiting[partition]

    def pop(self) -> Record | None:
        """The next record; None when a partition starves, or all are finished."""
        if self.starving:
            return None
        for partition, waiting in self._waiting.items():
            if partition not in self._heads and waiting:
                record = waiting.popleft()
                self._heads[partition] = _Head(record, self._places.find(record) if self._places else None)
        if not self._heads:
            return None
        head = min(filter(self._free, self._heads.values()), key=_Head.rank, default=None)
        # Outputs that contradict the order of their inputs, or are not all there: time decides.
        chosen = head or min(self._heads.values(), key=_Head.rank)
        del self._heads[chosen.record.partition]
        if chosen.place is not None:
            at = self._next.get(chosen.place.partition, 0)
            self._next[chosen.place.partition] = max(at, chosen.place.number + 1)
        return chosen.record

    def _free(self, head: _Head) -> bool:
        return head.place is None or head.place.number <= self._next.get(head.place.partition, 0)
