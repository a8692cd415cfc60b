"""Writes that wait: an overlay over a lasting table, with an undo for the record in hand."""

from collections.abc import Iterator
from heapq import merge

from streams.state.protocols import Table

__all__ = ["Overlay"]

Writes = dict[bytes, bytes | None]


class Overlay:
    """A `Table` whose writes stay in memory until the edge has sent and taken them.

    `keep` ends a record, `undo` forgets what the record in hand has written, `take`
    hands over all kept writes (None = delete), in key order, and forgets them.
    `size_bytes` bounds them: bytes of keys and values written since the last `take`.
    """

    def __init__(self, base: Table) -> None:
        self._base = base
        self._kept: Writes = {}
        self._current: Writes = {}
        self.size_bytes = 0

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""
        for writes in (self._current, self._kept):
            if key in writes:
                return writes[key]
        return self._base.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`."""
        self._current[key] = value

    def delete(self, key: bytes) -> None:
        """Remove `key`; a key that was never there leaves no trace."""
        if self.get(key) is not None:
            self._current[key] = None

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All pairs, in key order."""
        writes = self._kept | self._current
        untouched = (pair for pair in self._base.items() if pair[0] not in writes)
        written = sorted((key, value) for key, value in writes.items() if value is not None)
        return merge(untouched, written)

    def keep(self) -> None:
        """The record in hand went well."""
        self.size_bytes += sum(len(key) + len(value or b"") for key, value in self._current.items())
        self._kept.update(self._current)
        self._current.clear()

    def undo(self) -> None:
        """The record in hand failed."""
        self._current.clear()

    def take(self) -> Writes:
        """All kept writes, in key order."""
        taken, self._kept, self.size_bytes = dict(sorted(self._kept.items())), {}, 0
        return taken
