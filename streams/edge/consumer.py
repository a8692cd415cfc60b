"""A Faust consumer that neither skips nor commits what was not processed.

Faust 0.15.3 loses records by the paths A (commit frontier off by one), F (a rebalance
before the first commit) and G (a fetch in flight across a seek). This class closes
them, and refuses to go on when offsets are delivered out of order. It reaches into
Faust's internals, hence the exact pin; `tests/unit/test_faust_pin.py` names each one.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import uvloop
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from mode import Service

from streams.edge.frontier import Frontier
from streams.edge.inbox import Batch, Inbox
from streams.edge.leaving import leave_group

__all__ = ["GapError", "SafeConsumer", "SafeTransport"]

log = logging.getLogger("newsloom.worker")

_FETCH_S = 30.0
_CLOSE_S = 2.0
# Faust's 1.5 s would delay whatever a rebalance asks: on a connection a broker answers in turn, a waiting fetch too.
_LONG_POLL_MS = 500
# aiokafka looks five times a second whether there is something to fetch; whatever changes that wakes it anyway.
_IDLE_LOOK_S = 1.0


class GapError(RuntimeError):
    """A record was about to be skipped or delivered out of order."""


def _first_gap(offsets: Sequence[int], expected: int) -> tuple[int, int] | None:
    """Expected and found offset where `offsets` cease to be the integers from `expected` on."""
    return next(((wanted, found) for wanted, found in enumerate(offsets, expected) if wanted != found), None)


class _Thread(driver.AIOKafkaConsumerThread):  # type: ignore[misc]
    """Notes when the group coordinator last confirmed this member, and leaves the group when it stops."""

    confirmed_at: float = 0.0
    _fetching: Future[Any] | None = None

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

    def _create_worker_consumer(self, transport: Any) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = _LONG_POLL_MS  # noqa: SLF001 - Faust has no setting for it
        consumer._consumer_timeout = _IDLE_LOOK_S  # noqa: SLF001 - nor for this
        return consumer

    async def on_thread_stop(self) -> None:
        """Leave the group first: who goes without having left is waited for until the session is over."""
        if self._consumer is not None:
            await leave_group(self._consumer)
        # TLS is closed by both sides, and a busy broker may take half a minute for its part: nothing depends on that.
        with suppress(TimeoutError):
            await asyncio.wait_for(super().on_thread_stop(), _CLOSE_S)

    async def getmany(self, active_partitions: Collection[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - Faust's
        """Fetch until there is something, `timeout` is over or `break_off` is called: then nothing is lost."""
        consumer = self._ensure_consumer()
        work = self._in_turn(consumer, active_partitions, timeout)
        self._fetching = asyncio.run_coroutine_threadsafe(work, self.thread_loop)
        answer = asyncio.wrap_future(self._fetching)
        try:
            await asyncio.wait([answer])
        finally:
            self._fetching.cancel()
        return {} if answer.cancelled() else answer.result()

    async def _in_turn(self, consumer: Any, active_partitions: Collection[TP] | None, timeout: float) -> Any:  # noqa: ASYNC109 - as above
        """Records that a fetch has brought; a partition that gave some stands behind all others that have some left."""
        taken = await self._fetch_records(consumer, active_partitions, timeout, consumer._max_poll_records)  # noqa: SLF001
        left = consumer._fetcher._records  # noqa: SLF001 - it would have one partition give all it has before the next
        for partition in taken:
            if partition in left:
                left.move_to_end(partition)
        return taken

    def break_off(self) -> None:
        """End a fetch under way; from Faust's own thread."""
        if self._fetching is not None:
            self._fetching.cancel()

    @Service.task  # type: ignore[untyped-decorator]
    async def _thread_keepalive(self) -> None:
        """Nothing: a loop that is called from another thread wakes up by itself."""

    async def _keepalive2(self) -> None:
        """Nothing, for the same reason."""

    def close(self) -> None:
        """Nothing: Faust, told of a rebalance while it stops, would cut the connection before we have left."""


class SafeConsumer(driver.Consumer):  # type: ignore[misc]
    """Hand each offset to the inbox once and in order; commit only the acked prefix of what was handed over.

    Records do not go through Faust's streams, an event and two tasks each: they are fetched, handed over
    and acked by batches. A changelog's go to recovery.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.inbox = Inbox(self.app.conf.broker_max_poll_records)
        self._frontiers: dict[TP, Frontier] = defaultdict(Frontier)
        self._expected: dict[TP, int] = {}
        self._starts: dict[TP, int] = {}
        self._fetch_lock = asyncio.Lock()
        self._fence = 0
        self._turned = asyncio.Event()
        self._commit_due = asyncio.Event()
        self.delivered = 0
        self.expired = 0

    def _new_consumer_thread(self) -> _Thread:
        thread = _Thread(self, loop=self.loop, beacon=self.beacon, thread_loop=uvloop.new_event_loop())
        thread._close_thread_loop_on_stop = True  # noqa: SLF001 - it would, had it made the loop itself
        return thread

    def confirm_membership(self) -> None:
        """The group has just been joined."""
        self._thread.confirmed_at = time.monotonic()

    def unconfirmed_s(self) -> float:
        """Seconds since the coordinator last said that this worker is a member."""
        return float(time.monotonic() - self._thread.confirmed_at)

    # --- Fetching

    async def _drain_messages(self, fetcher: Any) -> None:
        """Fetch while the fetcher runs; what it fetches is handed over before anything else may happen."""
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._until_fetchable()
                await self._fetch()
        except (asyncio.CancelledError, *self.consumer_stopped_errors):
            if not self.app.should_stop:
                raise

    async def _until_fetchable(self) -> None:
        await self.inbox.room()
        while not (self.flow_active and self._get_active_partitions()):
            self._turned.clear()
            await self._turned.wait()

    async def _fetch(self) -> None:
        # Path G: a fetch and a seek must not overlap.
        async with self._fetch_lock:
            fence, active = self._fence, frozenset(self._get_active_partitions())
            if not (self.flow_active and active):
                return
            fetched = await self._getmany(active, _FETCH_S)
            if fence == self._fence:  # else it is from before a seek that is about to come
                await self._hand_over(fetched)

    def _turn(self) -> None:
        """What may be fetched has changed: break off the fetch under way, make void what it has brought."""
        self._fence += 1
        self._turned.set()
        self._thread.break_off()

    def stop_flow(self) -> None:
        """Fetch nothing, and forget what is not in work: a seek comes before the flow goes on."""
        super().stop_flow()
        self.inbox.clear()
        self._turn()

    def resume_flow(self) -> None:
        """Fetch on."""
        super().resume_flow()
        self._turned.set()

    def pause_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch these no more."""
        super().pause_partitions(tps)
        self._turn()

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        """Fetch these, too."""
        super().resume_partitions(tps)
        self._turn()

    async def _hand_over(self, fetched: Mapping[Any, Sequence[Any]]) -> None:
        try:
            for found, records in fetched.items():
                tp = TP(found.topic, found.partition)
                if self.app.topics.acks_enabled_for(tp.topic):
                    await self._pass_expired(tp, records[0].offset)
                    self._deliver(tp, records)
                else:  # a changelog: recovery has its own rules
                    self.app.tables.recovery.take(tp, records)
        except Exception as error:  # noqa: BLE001 - whatever it is, going on would skip records
            await self.app.crash(error)
            await asyncio.Event().wait()

    async def _pass_expired(self, tp: TP, found: int) -> None:
        """Go on behind records that the topic's retention removed before we had them: nobody can process those."""
        expected = self._expected.get(tp, found)
        if found > expected and (await self.earliest_offsets(tp))[tp] >= found:
            log.error("%s: retention has removed offsets %d to %d, not processed yet", tp.topic, expected, found - 1)
            self._expected[tp] = found
            self.expired += found - expected

    def _deliver(self, tp: TP, records: Sequence[Any]) -> None:
        offsets = [record.offset for record in records]
        expected = self._expected.get(tp, offsets[0])
        if (found := _first_gap(offsets, expected)) is not None:
            raise GapError(f"{tp}: expected offset {found[0]}, got {found[1]}")
        self._frontiers[tp].delivered(*offsets)
        self._expected[tp] = offsets[-1] + 1
        self.delivered += len(offsets)
        self.inbox.put(records)

    def acked(self, batch: Batch) -> None:
        """All effects of `batch` are in the log; its offsets may be committed once all before them are."""
        self.inbox.done()
        if batch.epoch == self.inbox.epoch:
            for record in batch.records:
                frontier = self._frontiers.get(TP(record.topic, record.partition))
                if frontier is not None:  # else revoked meanwhile
                    frontier.acked(record.offset)
            self._commit_due.set()

    # --- Seeking

    async def perform_seek(self) -> None:
        """Go back to what is committed, or to the log start where nothing is."""
        self._turn()
        async with self._fetch_lock:
            self._fence += 1
            self.inbox.renew()
            self._frontiers.clear()
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
        self._starts = starts
        for tp in fresh:
            await self.seek(tp, starts[tp])
            self._expected[tp] = starts[tp]

    async def on_partitions_revoked(self, revoked: Iterable[TP]) -> None:
        """Finish and commit what is in work, then forget partitions that are no longer ours."""
        await super().on_partitions_revoked(revoked)
        for tp in revoked:
            self._frontiers.pop(tp, None)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Take note that the group knows us."""
        self.confirm_membership()
        await super().on_partitions_assigned(assigned, generation_id)

    # --- Committing

    async def wait_empty(self) -> None:
        """Wait for the batch in work, unless all is stopping, and commit."""
        settled = asyncio.ensure_future(self.inbox.settled())
        while not (self.should_stop or settled.done()):
            await asyncio.wait([settled], timeout=1)
        settled.cancel()
        await self.commit_and_end_transactions()

    @Service.task  # type: ignore[untyped-decorator]
    async def _commit_handler(self) -> None:
        """Commit what has been acked, at once but at most once an interval; nothing is asked while nothing is done."""
        while not self.should_stop:
            await self._commit_due.wait()
            self._commit_due.clear()
            await self.commit()
            await self.sleep(self.commit_interval)
            if self._filter_committable_offsets(self._frontiers):
                self._commit_due.set()  # it has failed, or more has been acked meanwhile

    @Service.task  # type: ignore[untyped-decorator]
    async def _commit_livelock_detector(self) -> None:
        """Nothing: it would only log; `streams.edge.hardened` has a watchdog that acts."""

    def reached(self) -> dict[int, tuple[int, int]]:
        """By partition: the offset that is committed, and the end of the log as the last fetch told it."""
        found = {}
        for tp in self.assignment():
            at = self._committed_offset.get(tp)
            at = self._starts.get(tp) if at is None else at
            if at is not None and self.app.topics.acks_enabled_for(tp.topic):
                found[tp.partition] = (at, max(at, self.highwater(tp) or at))
        return found

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> list[TP]:
        return [tp for tp in self._frontiers if topics is None or tp in topics or tp.topic in topics]

    def _new_offset(self, tp: TP) -> int | None:
        # Path A: the stock frontier commits over a record that is still open.
        return self._frontiers[tp].committable()

    async def _commit_offsets(self, offsets: Mapping[TP, int], start_new_transaction: bool = True) -> bool:  # noqa: ARG002, FBT001, FBT002 - Faust's
        mine = {tp: offset for tp, offset in offsets.items() if tp in self.assignment()}
        if not mine or self.app.failure is not None or not await self._commit(mine):
            return False
        self._committed_offset.update(mine)
        for tp, offset in mine.items():
            self._frontiers[tp].committed(offset)
        return True


class SafeTransport(driver.Transport):  # type: ignore[misc]
    """Faust's aiokafka transport with the consumer above."""

    Consumer = SafeConsumer
