"""Dropping what comes again: at-least-once becomes effectively once, within a window of ids."""

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable
from typing import Any, TypeVar

from streams.sdk.received import Received

__all__ = ["Deduplicator", "unique"]

T = TypeVar("T")

WINDOW = 100_000
"""Ids kept by default: about 10 MB, and far more than a worker or a reader does again after a kill."""


class Deduplicator:
    """Remembers the last `window` ids; one for all that a program subscribes to.

    To go on after a restart: `known` are ids from your own store, oldest first, and `remember` is
    called with each new id, so that it can be stored in the same transaction as the effect.
    """

    def __init__(
        self, window: int = WINDOW, *, known: Iterable[str] = (), remember: Callable[[str], None] | None = None
    ) -> None:
        self._window = max(1, window)
        self._seen: dict[str, None] = {}
        self._remember = remember
        for id_ in known:
            self._note(id_)

    def is_new(self, item: Received[Any]) -> bool:
        """Whether the item has not been seen; it has now. One without an id goes by its place."""
        id_ = item.envelope.id or f"{item.topic}:{item.partition}:{item.offset}"
        if id_ in self._seen:
            return False
        self._note(id_)
        if self._remember is not None:
            self._remember(id_)
        return True

    def _note(self, id_: str) -> None:
        self._seen[id_] = None
        if len(self._seen) > self._window:
            del self._seen[next(iter(self._seen))]


async def unique(
    items: AsyncIterable[Received[T]], seen: Deduplicator | None = None
) -> AsyncGenerator[Received[T], None]:
    """`items` without those whose `envelope.id` has been seen; leave it early through `contextlib.aclosing`."""
    seen = seen or Deduplicator()
    async for item in items:
        if seen.is_new(item):
            yield item
