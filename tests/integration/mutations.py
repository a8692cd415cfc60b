"""Guards of the edge taken out, one a function, for the tests that show what each is for.

A mutation is called in the victim before its worker starts. It puts back what Faust does of
itself, or what one would write first; or it arranges the bad moment that a guard is for.
The first kind is named by what it does without (`no_...`, `stock_...`), the second by what happens.
"""
# ruff: noqa: ARG001 - all are called alike, whether they have something to tell or not

import asyncio
import os
import signal
import weakref
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import faust.streams
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.codec import Message, Record
from streams.edge import agents, consumer, hardened, worker
from streams.edge.agents import Work
from streams.edge.consumer import SafeConsumer, _Thread
from streams.edge.hardened import HardenedApp
from streams.edge.outbox import Outbox, TableRecord
from streams.edge.reader import record_from
from streams.edge.recovery import BulkRecovery
from streams.edge.table import AtomicTable
from tests.integration.ledger import ACCOUNTS, TRANSFER
from tests.integration.notes import Notes, come_true
from tests.integration.stock import drop, put, stock_agent, stock_decoding, stock_delivery, stock_frontier

__all__ = ["stock_agent", "stock_decoding", "stock_delivery", "stock_frontier"]

_POLL_S = 0.02


def _around_work(wrap: Callable[[Work, HardenedApp], Work]) -> None:
    add_agent = worker._add_agent

    def mutated(app: Any, stage: Any, work: Work) -> None:
        add_agent(app, stage, wrap(work, app))

    put(worker, _add_agent=mutated)


# --- A: the commit frontier


def open_first(notes: Notes) -> None:
    """The very first record is left open, neither worked on nor acked; the others are done."""
    left = False

    async def consume(app: HardenedApp, work: Work) -> None:
        nonlocal left
        while True:
            batch = await app.consumer.inbox.take(app.settings.batch_records, app.settings.batch_wait_s)
            done = replace(batch, records=batch.records if left else batch.records[1:])
            left = True
            await work([record_from(record) for record in done.records])
            app.consumer.acked(done)

    put(worker, consume=consume)


# --- B: an exception is an ack


def fails_once(notes: Notes) -> None:
    """The first batch fails."""

    def wrap(work: Work, _: HardenedApp) -> Work:
        async def failing(records: Sequence[Record]) -> None:
            if notes.first("failed"):
                raise RuntimeError("the first batch fails")
            await work(records)

        return failing

    _around_work(wrap)


# --- C: a failed delivery is a warning


def unawaited_send(notes: Notes) -> None:
    """Outputs are handed to the producer, and that is that."""

    async def send(self: Outbox, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._send(message, None)

    put(Outbox, send_runs=send)


# --- D: the changelog stays behind the commit


def held_changelog(notes: Notes) -> None:
    """What goes to a changelog is held until the note `release`; a commit considered meanwhile is noted."""
    atomically, send, commit = Outbox.send_atomically, driver.Producer.send, SafeConsumer.force_commit

    async def held_atomically(self: Outbox, *args: Any) -> int:
        notes.tell("held")
        await notes.heard("release")
        return await atomically(self, *args)

    async def held_send(self: Any, *args: Any, **kwargs: Any) -> Any:
        notes.tell("held")
        await notes.heard("release")
        return await send(self, *args, **kwargs)

    async def noted_commit(self: Any, *args: Any, **kwargs: Any) -> Any:
        held = notes.told("held")
        done = await commit(self, *args, **kwargs)
        if held:
            notes.tell("commit considered")
        return done

    drop(SafeConsumer, "_commit_handler")  # ours asks for a commit only when something has been acked
    put(Outbox, send_atomically=held_atomically)
    put(driver.Producer, send=held_send)
    put(SafeConsumer, force_commit=noted_commit)


class _Event:
    """What Faust asks for the partition of a table write."""

    def __init__(self, topic: str, partition: int) -> None:
        self.message = SimpleNamespace(topic=topic, partition=partition)


def stock_table(notes: Notes) -> None:
    """Table writes as Faust makes them: the local store at once, the changelog through its buffer."""

    async def flush(
        self: AtomicTable,
        outbox: Outbox,
        partition: int,
        records: Sequence[TableRecord],
        position: int,
    ) -> None:
        event = _Event(outbox._settings.topic(TRANSFER.name), partition)
        faust.streams._current_event.set(weakref.ref(event))
        for key, value, _ in records:
            self[key] = value

    put(AtomicTable, flush=flush)


def stock_producer(notes: Notes) -> None:
    """Faust's own producer sends what it is given, some time."""
    drop(hardened._RefusingProducer, "send_soon", "send", "send_and_wait")


# --- E: the group dies silently


def no_group_watch(notes: Notes) -> None:
    """Nobody looks at the group coordinator."""
    put(hardened, group_failure=lambda _: None)


# --- F: a rebalance before the first commit


def stray_fetch(notes: Notes) -> None:
    """A fetch in flight during the first rebalance brings records while the flow is stopped: Faust drops them."""
    seek = SafeConsumer.perform_seek

    async def perform_seek(self: Any) -> None:
        if notes.first("stray fetch"):
            fetcher = self._thread._consumer._fetcher
            while not await self._thread.call_thread(fetcher.fetched_records, self.assignment(), 0.5, 5):
                pass
        await seek(self)

    put(SafeConsumer, perform_seek=perform_seek)


def no_rewind(notes: Notes) -> None:
    """Only partitions with a commit are sought."""

    async def nothing(self: SafeConsumer) -> None:
        self._expected = {}

    put(SafeConsumer, _rewind_uncommitted=nothing)


# --- G: a fetch in flight across a seek


def late_fetch(notes: Notes) -> None:
    """The second batch fetched arrives only when a rebalance has sought back; the first is in work till then."""
    fetch, seek = driver.Consumer._getmany, SafeConsumer.perform_seek
    seeks = 0

    async def late(self: Any, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109
        records = await fetch(self, active_partitions, timeout)
        if records and not notes.first("first fetch") and notes.first("second fetch"):
            await come_true(lambda: seeks > 1)
            for _ in range(50):  # with the guard the seek waits for this fetch, and the flow for the seek
                if self.flow_active:
                    break
                await asyncio.sleep(_POLL_S)
            notes.tell("late fetch")
        return records

    async def counted(self: Any) -> None:
        nonlocal seeks
        seeks += 1
        await seek(self)

    def wrap(work: Work, app: HardenedApp) -> Work:
        async def held(records: Sequence[Record]) -> None:
            await come_true(lambda: seeks > 1 or app.rebalancing)
            await work(records)

        return held

    put(driver.Consumer, _getmany=late)
    put(SafeConsumer, perform_seek=counted)
    _around_work(wrap)


def open_fetch(notes: Notes) -> None:
    """Fetches and seeks overlap as they please, and what was fetched before a seek is as good as any."""

    class Open:
        """A lock that locks nothing."""

        async def __aenter__(self) -> None:
            pass

        async def __aexit__(self, *_: object) -> None:
            pass

    put(SafeConsumer, _fetch_lock=property(lambda _: Open(), lambda _, __: None))
    put(SafeConsumer, _fence=property(lambda _: 0, lambda _, __: None))


def drops_one(notes: Notes) -> None:
    """The record at offset 3 gets lost between fetch and delivery, once."""
    fetch = driver.Consumer._getmany

    async def dropping(self: Any, active_partitions: Any, timeout: float) -> Any:  # noqa: ASYNC109
        fetched = await fetch(self, active_partitions, timeout)
        if any(record.offset == 3 for records in fetched.values() for record in records) and notes.first("dropped"):
            return {tp: [record for record in records if record.offset != 3] for tp, records in fetched.items()}
        return fetched

    put(driver.Consumer, _getmany=dropping)


def no_gap_guard(notes: Notes) -> None:
    """Any offset will do."""
    put(consumer, _first_gap=lambda *_: None)


# --- Watchdogs


def deaf_fetcher(notes: Notes) -> None:
    """Fetches bring nothing, whatever there is."""

    async def deaf(*_: Any, **__: Any) -> dict[Any, Any]:
        await asyncio.sleep(0.2)
        return {}

    put(driver.Consumer, _getmany=deaf)


def no_progress_watch(notes: Notes) -> None:
    """Nobody looks whether work gets done."""

    async def none(_: HardenedApp) -> bool:
        return False

    put(hardened, waiting_work=none)


def tells_of_work(notes: Notes) -> None:
    """Note that a batch is in work."""

    def wrap(work: Work, _: HardenedApp) -> Work:
        async def noted(records: Sequence[Record]) -> None:
            notes.tell("at work")
            await work(records)

        return noted

    _around_work(wrap)


def unbounded_stop(notes: Notes) -> None:
    """A stop takes as long as it takes."""

    async def stop(running: Sequence[Any], _: float) -> None:
        await asyncio.gather(*(each.app.stop() for each in running))

    put(worker, _stop=stop, _leave_after=lambda _: None)


def joins_first(notes: Notes) -> None:
    """A stop waits for a join under way, as aiokafka has it."""
    put(_Thread, on_thread_stop=driver.AIOKafkaConsumerThread.on_thread_stop)


def stranger(notes: Notes) -> None:
    """A worker that comes back is a new member of its groups."""
    new_app = hardened.new_app

    def without_name(*args: Any, **options: Any) -> HardenedApp:
        return new_app(*args, **options | {"member": None})

    put(worker, new_app=without_name)


# --- Zombies and tables


class _Anything:
    """Equal to every offset."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _: object) -> bool:
        return True


def no_zombie_rules(notes: Notes) -> None:
    """The last record of a key wins, and whoever writes it need not be the owner."""

    def recover(self: AtomicTable, tp: TP, records: Sequence[Any]) -> None:
        self._write(tp, [(each.key, each.value) for each in records], position=-1, offset=records[-1].offset)

    put(AtomicTable, position=lambda *_: -1, _expected_offset=lambda *_: _Anything(), recover=recover)
    no_membership_rule(notes)


def no_membership_rule(notes: Notes) -> None:
    """Effects are made without asking when the group was last heard of."""
    put(agents, _require_membership=lambda _: None)


def one_by_one(notes: Notes) -> None:
    """Table writes are records of their own; the worker dies after the first one of the state."""
    atomically = Outbox.send_atomically

    async def send(self: Outbox, topic: str, partition: int, records: Sequence[TableRecord]) -> int:
        offsets = []
        for record in records:
            offsets.append(await atomically(self, topic, partition, [record]))
            if topic.endswith(ACCOUNTS.name) and notes.first("died"):
                os.kill(os.getpid(), signal.SIGKILL)
        return offsets[0]

    put(Outbox, send_atomically=send)


def recovery_only_warns(notes: Notes) -> None:
    """An error in recovery is Faust's to handle."""

    def take(self: Any, tp: TP, records: Sequence[Any]) -> None:
        for record in records:
            message = SimpleNamespace(tp=tp, offset=record.offset, record=record)
            self.tables.changelog_queue.put_nowait(SimpleNamespace(message=message))

    def apply(self: AtomicTable, batch: Sequence[Any]) -> None:
        for event in batch:
            self.recover(event.message.tp, [event.message.record])

    drop(BulkRecovery, "_slurp_changelogs")
    put(BulkRecovery, take=take)
    put(AtomicTable, apply_changelog_batch=apply)
