"""What a single-writer stage may ask of its table; adapters: `memory` and `streams.edge.table`."""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

__all__ = ["Origin", "StateError", "Table"]


class StateError(Exception):
    """The table cannot be read. The record in hand is not to blame: it must not be parked for this."""


class Origin(NamedTuple):
    """Position in the raw topic of the document that caused a record.

    It tells a redelivery (same position) from a new push of the same document (later).
    """

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Origin":
        """Read back `str(origin)`; ValueError on anything else."""
        partition, _, offset = text.partition("-")
        origin = cls(int(partition), int(offset))
        if str(origin) != text or not (0 <= origin.partition < 2**31 and 0 <= origin.offset < 2**63):
            raise ValueError(f"{text!r:.80} is no origin")
        return origin


class Table(Protocol):
    """One partition of a stage's state: bytes to bytes.

    A write is visible to the next read at once, and lasting only when the edge has
    flushed the batch. `items` serves to rebuild an index. StateError when it cannot be read.
    """

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`."""

    def delete(self, key: bytes) -> None:
        """Remove `key`; nothing happens when it is absent."""

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All pairs, in key order."""
