"""Tables are filled from their changelogs by whole fetches, not an event at a time."""

from collections.abc import Sequence
from typing import Any

from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP
from mode import Service

__all__ = ["BulkRecovery", "Tables"]


class BulkRecovery(Recovery):  # type: ignore[misc]
    """Faust's recovery, which decides what to read; what is read comes through `take`.

    `begun` counts recoveries, `taken` the records they read.
    """

    begun = 0
    taken = 0

    def take(self, tp: TP, records: Sequence[Any]) -> None:
        """Changelog records as fetched, in log order."""
        if tp not in self.active_tps:
            return  # a rebalance has taken it meanwhile
        seen = self.active_offsets[tp]
        fresh = [record for record in records if seen is None or record.offset > seen]
        if fresh:
            self.tp_to_table[tp].recover(tp, fresh)
            self.active_offsets[tp] = fresh[-1].offset
            self.taken += len(fresh)
        if self.in_recovery and not self.need_recovery():
            self._set_recovery_ended()
            self.signal_recovery_end.set()

    def _set_recovery_started(self) -> None:
        self.signal_recovery_end.clear()
        self.begun += 1
        super()._set_recovery_started()

    @Service.task  # type: ignore[untyped-decorator]
    async def _slurp_changelogs(self) -> None:
        """Nothing: Faust's way takes records from a queue, one by one."""


class Tables(TableManager):  # type: ignore[misc]
    """Faust's tables with the recovery above."""

    _recovery: Any = None

    @property
    def recovery(self) -> Any:
        """The recovery service: a `BulkRecovery`."""
        if self._recovery is None:
            self._recovery = BulkRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    async def on_start(self) -> None:
        """Without the second that Faust waits for tables yet to be declared: ours are."""
        await self._update_channels()
        await self.recovery.start()
