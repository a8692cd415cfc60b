"""How far a partition may be committed: the end of the longest acked prefix of what was delivered."""

from collections import deque

__all__ = ["Frontier"]


class Frontier:
    """Offsets of one partition, in delivery order; correct across gaps and for a fresh group.

    Nothing is forgotten until a commit has succeeded, so a failed commit is simply tried again.
    """

    def __init__(self) -> None:
        self._delivered: deque[int] = deque()
        self._acked: set[int] = set()

    def delivered(self, *offsets: int) -> None:
        """The records at `offsets`, ascending, wait for their work."""
        self._delivered.extend(offsets)

    def acked(self, offset: int) -> None:
        """The effects of `offset` are all in the log."""
        self._acked.add(offset)

    def committable(self) -> int | None:
        """Offset to commit (one past the prefix), None when its first record is still open."""
        last = None
        for offset in self._delivered:
            if offset not in self._acked:
                break
            last = offset
        return None if last is None else last + 1

    def committed(self, offset: int) -> None:
        """The broker has taken `offset` as the new commit."""
        while self._delivered and self._delivered[0] < offset:
            self._acked.discard(self._delivered.popleft())
