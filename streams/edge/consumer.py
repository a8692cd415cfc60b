"""A Faust consumer that neither skips nor commits what was not processed.

Faust 0.15.3 loses records by the paths A (commit frontier off by one), F (a rebalance
before the first commit) and G (a fetch in flight across a seek). This class closes
them, and refuses to go on when offsets are delivered out of order. It reaches into
Faust's internals, hence the exact pin; `tests/unit/test_faust_pin.py` names each one.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.edge.frontier import Frontier
from streams.edge.leaving import leave_group

__all__ = ["GapError", "SafeConsumer", "SafeTransport"]

_RECOVERY_FETCH_S = 0.1


class GapError(RuntimeError):
    """A record was about to be skipped or delivered out of order."""


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Notes when the group coordinator last confirmed this member, and leaves the group when it stops."""

    confirmed_at: float = 0.0

    async def on_start(self) -> None:
        await super().on_start()
        coordinator = self._consumer._coordinator  # noqa: SLF001 - no public view of heartbeats
        heartbeat = coordinator._do_heartbeat  # noqa: SLF001

        async def confirmed() -> bool:
            success = bool(await heartbeat())
            if success:
                self.confirmed_at = time.monotonic()
            return success

        coordinator._do_heartbeat = confirmed  # noqa: SLF001

    async def on_thread_stop(self) -> None:
        """Leave the group first: who goes without having left is waited for until the session is over."""
        if self._consumer is not None:
            await leave_group(self._consumer)
        await super().on_thread_stop()

    def close(self) -> None:
        """Nothing: Faust, told of a rebalance while it stops, would cut the connection before we have left."""


class SafeConsumer(driver.Consumer):  # type: ignore[misc]
    """Deliver each offset once and in order; commit only the acked prefix of what was delivered."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._frontiers: dict[TP, Frontier] = defaultdict(Frontier)
        self._expected: dict[TP, int] = {}
        self._fetch_lock = asyncio.Lock()
        self._epoch = 0
        self._batch_epoch = 0
        self._deliver: Any = self.callback  # type: ignore[has-type]
        self.callback = self._deliver_in_order
        self.delivered = 0

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    def confirm_membership(self) -> None:
        """The group has just been joined."""
        self._thread.confirmed_at = time.monotonic()

    def unconfirmed_s(self) -> float:
        """Seconds since the coordinator last said that this worker is a member."""
        return float(time.monotonic() - self._thread.confirmed_at)

    async def _deliver_in_order(self, message: Any) -> None:
        tp = message.tp
        if not self.app.topics.acks_enabled_for(message.topic):
            await self._deliver(message)  # a changelog: recovery has its own rules
            return
        expected = self._expected.get(tp)
        if expected is not None and message.offset != expected:
            await self.app.crash(GapError(f"{tp}: expected offset {expected}, got {message.offset}"))
            await asyncio.Event().wait()
        frontier = self._frontiers[tp]
        frontier.delivered(message.offset)
        try:
            await self._deliver(message)
        except BaseException:  # a suspended flow cancels the delivery
            frontier.withdrawn(message.offset)
            raise
        self._expected[tp] = message.offset + 1
        self.delivered += 1

    def ack(self, message: Any) -> bool:
        """Mark `message` as processed; its offset may be committed once all before it are."""
        fresh = not message.acked
        taken = bool(super().ack(message))
        if fresh and message.tp in self._frontiers:
            self._frontiers[message.tp].acked(message.offset)
        return taken

    async def _getmany(self, active_partitions: set[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        # Path G: a fetch and a seek must not overlap.
        async with self._fetch_lock:
            if not self.flow_active:
                return {}
            self._batch_epoch = self._epoch
            # Recovery waits for a fetch before it can seek, and while it does there is mostly nothing to fetch.
            wait_s = min(timeout, _RECOVERY_FETCH_S) if self.app.rebalancing else timeout
            return await super()._getmany(active_partitions=active_partitions, timeout=wait_s)

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109 - Faust's
        """Fetch a batch, and drop the rest of it once a seek has made it stale."""
        async for item in super().getmany(timeout):
            if self._batch_epoch != self._epoch:
                break
            yield item

    async def perform_seek(self) -> None:
        """Go back to what is committed, or to the log start where nothing is."""
        async with self._fetch_lock:
            self._epoch += 1
            self._frontiers.clear()
            self._acked.clear()
            self._acked_index.clear()
            await super().perform_seek()
            await self._rewind_uncommitted()

    async def _rewind_uncommitted(self) -> None:
        # Path F: aiokafka leaves the position of a partition without a commit where it was.
        ours = {tp for tp in self.assignment() if self.app.topics.acks_enabled_for(tp.topic)}
        fresh = {tp for tp in ours if self._committed_offset.get(tp) is None}
        self._expected = {tp: self._committed_offset[tp] for tp in ours - fresh}
        if not fresh:
            return
        starts = await self.earliest_offsets(*fresh)
        for tp in fresh:
            await self.seek(tp, starts[tp])
            self._expected[tp] = starts[tp]

    async def on_partitions_revoked(self, revoked: Iterable[TP]) -> None:
        """Forget partitions that are no longer ours."""
        for tp in revoked:
            self._frontiers.pop(tp, None)
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take note that the group knows us."""
        self.confirm_membership()
        await super().on_partitions_assigned(assigned, generation_id)

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:
        return [tp for tp in self._frontiers if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        # Path A: the stock frontier commits over a record that is still open.
        return self._frontiers[tp].committable()

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Nothing: the frontier needs no record of gaps, and nobody would drain it."""

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - Faust's
        mine = {tp: offset for tp, offset in offsets.items() if tp in self.assignment()}
        if not mine or self.app.failure is not None or not await self._commit(mine):
            return False
        self._committed_offset.update(mine)
        for tp, offset in mine.items():
            self._frontiers[tp].committed(offset)
            self._acked[tp] = []
            self._acked_index[tp].clear()
        return True


class SafeTransport(driver.Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with the consumer above."""

    Consumer = SafeConsumer
