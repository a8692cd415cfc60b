"""A table in memory: the reference for every other adapter."""

from collections.abc import Iterator

__all__ = ["MemoryTable"]


class MemoryTable:
    """`streams.state.protocols.Table` over a dict; lasting at once."""

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        """The value of `key`, or None."""
        return self._values.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`."""
        self._values[key] = value

    def delete(self, key: bytes) -> None:
        """Remove `key` if it is there."""
        self._values.pop(key, None)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All pairs, in key order."""
        return iter(sorted(self._values.items()))
