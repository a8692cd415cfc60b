"""Events that a test and the processes it torments tell each other."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Notes", "come_true"]

_POLL_S = 0.02


async def come_true(condition: Callable[[], bool]) -> None:
    """Wait for `condition`, for ever."""
    while not condition():  # noqa: ASYNC110 - files and Faust's flags have no events
        await asyncio.sleep(_POLL_S)


@dataclass(frozen=True, slots=True)
class Notes:
    """What has happened, as files in a folder: it outlives a kill."""

    folder: Path

    def tell(self, name: str) -> None:
        """Note that `name` has happened."""
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / name).touch()

    def told(self, name: str) -> bool:
        """Whether `name` has happened."""
        return (self.folder / name).exists()

    def first(self, name: str) -> bool:
        """Whether `name` has not happened yet; it has now."""
        fresh = not self.told(name)
        self.tell(name)
        return fresh

    async def heard(self, name: str) -> None:
        """Wait until `name` has happened."""
        await come_true(lambda: self.told(name))
