"""A clock that only timers move: what a test says of seconds holds on a busy machine, and takes none."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["in_virtual_time"]

T = TypeVar("T")


class _Jumping(selectors.DefaultSelector):
    """Passes the time that the loop would sleep at once."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += max(timeout or 0, 0)
        return super().select(None if timeout is None else 0)


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._clock = _Jumping()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def in_virtual_time(work: Coroutine[Any, Any, T]) -> T:
    """What `work` comes to on a loop whose seconds are only counted; for what asks no thread and no socket."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(work)
