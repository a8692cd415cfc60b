"""One partition of a single-writer stage: its state, the writes in hand, and how they take effect."""

from collections.abc import Sequence
from dataclasses import dataclass

from streams.codec import Message, Record
from streams.edge.failpoint import Failpoint
from streams.edge.outbox import Outbox, TableRecord, send_outputs
from streams.edge.table import AtomicTable
from streams.runner import Handled, handle
from streams.state.overlay import Overlay
from streams.topology import Stage

__all__ = ["MembershipError", "Shard", "ShardTables"]

_FULL_BYTES = 4 * 1024 * 1024


class MembershipError(RuntimeError):
    """The worker may have lost its partitions without knowing."""


@dataclass(frozen=True, slots=True)
class ShardTables:
    """`state` is what the stage decides on; `faces` are public tables made from its outputs, by topic."""

    state: AtomicTable
    faces: dict[str, AtomicTable]


class Shard:
    """State of one partition since it was assigned; thrown away when the table has changed under it."""

    def __init__(self, stage: Stage, tables: ShardTables, partition: int, failpoint: Failpoint) -> None:
        self._failpoint = failpoint
        self._stage = stage
        self._tables = tables
        self._partition = partition
        self._epoch = tables.state.epoch[partition]
        self._overlay = Overlay(tables.state.view(partition))
        self._open()

    def _open(self) -> None:
        assert self._stage.state is not None  # noqa: S101 - topology gives every table a state
        self._state = self._stage.state(self._overlay)

    def current(self) -> bool:
        """Whether the table still is what this shard was built from."""
        return self._tables.state.epoch[self._partition] == self._epoch

    def full(self) -> bool:
        """Whether the writes in hand should go out before more are made."""
        return self._overlay.size_bytes > _FULL_BYTES

    def step(self, record: Record) -> Handled:
        """Process one record against the state and the writes in hand."""
        handled = handle(self._stage, record, self._state)
        if handled.failed:
            self._overlay.undo()
            self._open()
        else:
            self._overlay.keep()
        return handled

    async def effect(self, messages: Sequence[Message], position: int, outbox: Outbox) -> None:
        """Outputs first, then the public tables, then the state that makes a redelivery harmless."""
        faces = self._tables.faces
        await send_outputs(outbox, [message for message in messages if message.topic not in faces], self._failpoint)
        for topic, table in faces.items():
            last = {message.key or b"": message for message in messages if message.topic == topic}
            records = [(key, message.value, list(message.headers)) for key, message in last.items()]
            await table.flush(outbox, self._partition, records, position)
        self._failpoint.reach("face")
        writes: list[TableRecord] = [(key, value, []) for key, value in self._overlay.take().items()]
        await self._tables.state.flush(outbox, self._partition, writes, position)
