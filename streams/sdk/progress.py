"""How far a group member has come, and what it may commit: pure, one per subscription.

An offset is ready to be committed when every record below it in its partition was either
done by the reader or not wanted. What was revoked is forgotten: another member does it again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

__all__ = ["Place", "Progress"]

Place = tuple[str, int]
"""A topic and a partition."""


@dataclass(slots=True)
class Progress:
    """Offsets by partition. `epoch` grows with each assignment: what was delivered in an earlier one is void."""

    epoch: int = 0
    _next: dict[Place, int] = field(default_factory=dict)
    _open: dict[Place, int] = field(default_factory=dict)
    _ready: dict[Place, int] = field(default_factory=dict)
    _committed: dict[Place, int] = field(default_factory=dict)

    def assigned(self, places: Mapping[Place, int], committed: Iterable[Place]) -> None:
        """Begin at `places`; those that are not among `committed` are ready to be committed as they are."""
        self.epoch += 1
        known = set(committed)
        self._next = dict(places)
        self._ready = dict(places)
        self._committed = {place: offset for place, offset in places.items() if place in known}
        self._open.clear()

    def revoked(self) -> None:
        """Forget everything: it all is assigned anew."""
        for offsets in (self._next, self._open, self._ready, self._committed):
            offsets.clear()

    def wants(self, place: Place, offset: int) -> bool:
        """Whether a record is the next of a partition we hold, not one fetched before a seek."""
        return place in self._next and offset >= self._next[place]

    def passed(self, place: Place, offset: int) -> None:
        """A record that nobody wanted is behind us."""
        self._next[place] = offset + 1
        if place not in self._open:
            self._ready[place] = offset + 1

    def delivered(self, place: Place, offset: int) -> None:
        """A record was handed to the reader."""
        self._next[place] = offset + 1
        self._open[place] = offset

    def done(self, place: Place, offset: int, epoch: int) -> bool:
        """The reader is done with a record, and all before it in its partition; False when it is void."""
        if epoch != self.epoch or place not in self._next:
            return False
        if self._open.get(place, offset) <= offset:
            self._open.pop(place, None)
            self._ready[place] = self._next[place]
        else:
            self._ready[place] = max(self._ready[place], offset + 1)
        return True

    def due(self) -> dict[Place, int]:
        """Offsets to commit now."""
        return {place: offset for place, offset in self._ready.items() if offset > self._committed.get(place, -1)}

    def committed(self, offsets: Mapping[Place, int], epoch: int) -> None:
        """The broker has taken `offsets`, which were due in `epoch`."""
        if epoch == self.epoch:
            self._committed.update(offsets)
