"""A Faust table whose writes of one input batch are all or nothing, and survive zombies.

Every changelog record carries, in the header `position`, the offset of the last input
record of its batch. Stages are deterministic, so a table "as of position p" is the same
whoever wrote it; batches of one writer come in rising positions. Hence two rules:

- a batch whose position is not above the highest one seen comes from a worker that lost
  the partition and did not know: it is not applied, and its keys are written again;
- a batch that lands at another offset than expected means that somebody else writes
  here: nothing is applied, the worker stops and recovers from the changelog.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from faust.tables.table import Table
from faust.types import TP
from rocksdict import WriteBatch

from streams.edge.failpoint import Failpoint
from streams.edge.outbox import Outbox, TableRecord
from streams.edge.store import RebuildingStore
from streams.state.protocols import StateError

__all__ = ["AtomicTable", "ForeignWriteError", "PartitionView"]

POSITION = "position"
_POSITION_KEY = b"\x00position"


class ForeignWriteError(RuntimeError):
    """Another worker has written to a partition of ours."""


class AtomicTable(Table):  # type: ignore[misc]
    """Written by partition, one record batch at a time; read by partition through `view`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._next_offset: dict[int, int] = {}
        self._stale: dict[int, set[bytes]] = defaultdict(set)
        self.epoch: dict[int, int] = defaultdict(int)
        self.failpoint = Failpoint()

    def _new_store_by_url(self, url: Any) -> RebuildingStore:
        types = {"key_type": self.key_type, "value_type": self.value_type}
        return RebuildingStore(url, self.app, self, table_name=self.name, loop=self.loop, options=self.options, **types)

    def view(self, partition: int) -> "PartitionView":
        """The lasting content of one partition."""
        return PartitionView(self, partition)

    def database(self, partition: int) -> Any:
        """The local store of one partition."""
        return self.data._db_for_partition(partition)  # noqa: SLF001 - Faust offers no read by partition

    def databases(self) -> list[Any]:
        """The local stores that are open; not to be kept, see `streams.edge.store`."""
        return list(self.data._dbs.values())  # noqa: SLF001 - as above

    def position(self, partition: int) -> int:
        """Input offset up to which the partition is complete; -1 for none."""
        stored = _read(lambda: self.database(partition).get(_POSITION_KEY))
        return -1 if stored is None else int(stored)

    async def on_rebalance(self, *args: Any, **kwargs: Any) -> None:
        """Forget what was expected of partitions: recovery tells anew."""
        self._next_offset.clear()
        for partition in list(self.epoch):
            self.epoch[partition] += 1
        await super().on_rebalance(*args, **kwargs)

    def recover(self, tp: TP, records: Sequence[Any]) -> None:
        """Take changelog records of a partition during recovery, in log order."""
        self.epoch[tp.partition] += 1
        highest = self.position(tp.partition)
        accepted: list[tuple[bytes, bytes | None]] = []
        for record in records:
            position = int(dict(record.headers or ())[POSITION])
            if position < highest:
                self._stale[tp.partition].add(record.key)
                continue
            highest = position
            accepted.append((record.key, record.value))
        self._write(tp, accepted, position=highest, offset=records[-1].offset)

    def _write(self, tp: TP, pairs: Iterable[tuple[bytes, bytes | None]], *, position: int, offset: int) -> None:
        batch = WriteBatch(raw_mode=True)
        for key, value in pairs:
            if value is None:
                batch.delete(key)
            else:
                batch.put(key, value)
        batch.put(_POSITION_KEY, b"%d" % position)
        batch.put(self.data.offset_key, b"%d" % offset)
        self.database(tp.partition).write(batch)

    async def repair(self, outbox: Outbox, partition: int) -> None:
        """Write again the keys that a zombie overwrote in the changelog."""
        if stale := self._stale.pop(partition, None):
            database = self.database(partition)
            records: list[TableRecord] = [(key, database.get(key), []) for key in sorted(stale)]
            await self._append(outbox, partition, records, self.position(partition))

    async def flush(self, outbox: Outbox, partition: int, records: Sequence[TableRecord], position: int) -> None:
        """Send `records` as one record batch, await its acknowledgement, take them over locally.

        Records up to a position that the table already covers are a redelivery's: they are skipped.
        """
        await self.repair(outbox, partition)
        if records and position > self.position(partition):
            await self._append(outbox, partition, records, position)

    async def _append(self, outbox: Outbox, partition: int, records: Sequence[TableRecord], position: int) -> None:
        topic = self.changelog_topic.get_topic_name()
        tp = TP(topic, partition)
        expected = self._expected_offset(tp)
        stamp = (POSITION, b"%d" % position)
        stamped = [(key, value, [*headers, stamp]) for key, value, headers in records]
        first = await outbox.send_atomically(topic, partition, stamped)
        self.failpoint.reach("table")
        if first != expected:
            raise ForeignWriteError(f"{tp}: expected offset {expected}, got {first}")
        last = first + len(records) - 1
        self._next_offset[partition] = last + 1
        self._write(tp, ((key, value) for key, value, _ in records), position=position, offset=last)

    def _expected_offset(self, tp: TP) -> int:
        known = self._next_offset.get(tp.partition)
        if known is not None:
            return known
        recovered = self.app.tables.recovery.active_offsets[tp]
        return int(-1 if recovered is None else recovered) + 1


class PartitionView:
    """`streams.state.protocols.Table` over one partition's store; writes belong to an overlay."""

    def __init__(self, table: AtomicTable, partition: int) -> None:
        _read(lambda: table.database(partition))
        self._opened = table.data.opened
        self._partition = partition
        self._hidden = (_POSITION_KEY, table.data.offset_key)

    def get(self, key: bytes) -> bytes | None:
        """The lasting value of `key`, or None."""
        database = self._opened(self._partition)
        value: bytes | None = _read(lambda: database.get(key))
        return value

    def put(self, key: bytes, value: bytes) -> None:  # noqa: ARG002 - the protocol's
        """Refused: only `AtomicTable.flush` writes."""
        raise TypeError(f"write {key!r} through an overlay")

    def delete(self, key: bytes) -> None:
        """Refused: only `AtomicTable.flush` writes."""
        raise TypeError(f"delete {key!r} through an overlay")

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """All lasting pairs, in key order."""
        database = self._opened(self._partition)
        try:
            yield from ((key, value) for key, value in database.items() if key not in self._hidden)
        except Exception as error:
            raise StateError(f"local store: {error}") from error


def _read(look: Callable[[], Any]) -> Any:
    try:
        return look()
    except Exception as error:  # rocksdict has no exceptions of its own
        raise StateError(f"local store: {error}") from error
