"""A pool without processes, for stages that give no trouble."""

from collections.abc import Sequence
from typing import Any, Self

from streams.codec import Record
from streams.edge.pool import Done, Pool
from streams.runner import handle
from streams.topology import Stage

__all__ = ["InlinePool"]


class InlinePool(Pool):
    """Runs records where it is called."""

    def __init__(self, **_: Any) -> None:
        """Nothing to prepare."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to end."""

    async def run(self, stage: Stage, records: Sequence[Record]) -> list[Done]:
        """Outcome of each record, in order."""
        return [Done(handle(stage, record), 0.0) for record in records]
