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
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import faust.streams
from faust.transport.drivers import aiokafka as driver

from streams.codec import Message, Record
from streams.edge import agents, hardened, worker
from streams.edge.agents import Work, record_of
from streams.edge.consumer import SafeConsumer, _Thread
from streams.edge.hardened import HardenedApp
from streams.edge.outbox import Outbox, TableRecord
from streams.edge.table import AtomicTable
from tests.integration.ledger import ACCOUNTS, TRANSFER
from tests.integration.notes import Notes, come_true

_POLL_S = 0.02


def _put(place: Any, **replacements: Any) -> None:
    for name, replacement in replacements.items():
        setattr(place, name, replacement)


def _around_work(wrap: Callable[[Work, HardenedApp], Work]) -> None:
    add_agent = worker._add_agent

    def mutated(app: Any, stage: Any, work: Work) -> None:
        add_agent(app, stage, wrap(work, app))

    _put(worker, _add_agent=mutated)


# --- A: the commit frontier


def open_first(notes: Notes) -> None:
    """The very first record is left open, neither worked on nor acked; the others are done."""
    left = False

    async def consume(stream: Any, app: HardenedApp, work: Work) -> None:
        nonlocal left
        async for events in stream.noack_take(app.settings.batch_records, within=app.settings.batch_wait_s):
            done = events if left else events[1:]
            left = True
            await work([record_of(event) for event in done])
            for event in done:
                event.ack()

    _put(worker, consume=consume)


def stock_frontier(notes: Notes) -> None:
    """Faust's own commit frontier."""
    for name in ("ack", "_new_offset", "_add_gap", "_commit_offsets", "_filter_tps_with_pending_acks"):
        delattr(SafeConsumer, name)


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


def stock_agent(notes: Notes) -> None:
    """A batch as Faust gives it: acked when the agent is done with it, however that ended."""

    async def consume(stream: Any, app: HardenedApp, work: Work) -> None:
        async for events in stream.take_events(app.settings.batch_records, within=app.settings.batch_wait_s):
            await work([record_of(event) for event in events])

    _put(worker, consume=consume)


def stock_decoding(notes: Notes) -> None:
    """Faust decodes the JSON."""

    def topic(app: HardenedApp, name: str, **options: bool) -> Any:
        return app.topic(app.settings.topic(name), **options)

    _put(worker, _raw_topic=topic)


# --- C: a failed delivery is a warning


def unawaited_send(notes: Notes) -> None:
    """Outputs are handed to the producer, and that is that."""

    async def send(self: Outbox, messages: Sequence[Message]) -> None:
        for message in messages:
            await self._send(message, None)

    _put(Outbox, send=send)


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

    _put(Outbox, send_atomically=held_atomically)
    _put(driver.Producer, send=held_send)
    _put(SafeConsumer, force_commit=noted_commit)


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

    _put(AtomicTable, flush=flush)


def stock_producer(notes: Notes) -> None:
    """Faust's own producer sends what it is given, some time."""
    for name in ("send_soon", "send", "send_and_wait"):
        delattr(hardened._RefusingProducer, name)


# --- E: the group dies silently


def no_group_watch(notes: Notes) -> None:
    """Nobody looks at the group coordinator."""
    _put(hardened, group_failure=lambda _: None)


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

    _put(SafeConsumer, perform_seek=perform_seek)


def no_rewind(notes: Notes) -> None:
    """Only partitions with a commit are sought."""

    async def nothing(self: SafeConsumer) -> None:
        self._expected = {}

    _put(SafeConsumer, _rewind_uncommitted=nothing)


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

    _put(driver.Consumer, _getmany=late)
    _put(SafeConsumer, perform_seek=counted)
    _around_work(wrap)


def open_fetch(notes: Notes) -> None:
    """Fetches and seeks overlap as they please."""
    for name in ("_getmany", "getmany"):
        delattr(SafeConsumer, name)


def drops_one(notes: Notes) -> None:
    """The record at offset 3 gets lost between fetch and delivery, once."""
    getmany = driver.Consumer.getmany

    async def dropping(self: Any, timeout: float) -> AsyncIterator[Any]:  # noqa: ASYNC109
        async for tp, message in getmany(self, timeout):
            if message.offset != 3 or not notes.first("dropped"):
                yield tp, message

    _put(driver.Consumer, getmany=dropping)


def no_gap_guard(notes: Notes) -> None:
    """Any offset will do."""
    _put(SafeConsumer, _expected=property(lambda _: {}, lambda _, __: None))


# --- Watchdogs


def deaf_fetcher(notes: Notes) -> None:
    """Fetches bring nothing, whatever there is."""

    async def deaf(*_: Any, **__: Any) -> dict[Any, Any]:
        await asyncio.sleep(0.2)
        return {}

    _put(driver.Consumer, _getmany=deaf)


def no_progress_watch(notes: Notes) -> None:
    """Nobody looks whether work gets done."""

    async def none(_: HardenedApp) -> bool:
        return False

    _put(hardened, waiting_work=none)


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

    _put(worker, _stop=stop, _leave_after=lambda _: None)


def joins_first(notes: Notes) -> None:
    """A stop waits for a join under way, as aiokafka has it."""
    _put(_Thread, on_thread_stop=driver.AIOKafkaConsumerThread.on_thread_stop)


def stranger(notes: Notes) -> None:
    """A worker that comes back is a new member of its groups."""
    new_app = hardened.new_app

    def without_name(*args: Any, **options: Any) -> HardenedApp:
        return new_app(*args, **options | {"member": None})

    _put(worker, new_app=without_name)


# --- Zombies and tables


class _Anything:
    """Equal to every offset."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, _: object) -> bool:
        return True


def no_zombie_rules(notes: Notes) -> None:
    """The last record of a key wins, and whoever writes it need not be the owner."""

    def recover(self: AtomicTable, _: int, messages: Sequence[Any]) -> None:
        last = messages[-1]
        self._write(last.tp, [(each.key, each.value) for each in messages], position=-1, offset=last.offset)

    _put(AtomicTable, position=lambda *_: -1, _expected_offset=lambda *_: _Anything(), _recover=recover)
    no_membership_rule(notes)


def no_membership_rule(notes: Notes) -> None:
    """Effects are made without asking when the group was last heard of."""
    _put(agents, _require_membership=lambda _: None)


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

    _put(Outbox, send_atomically=send)


def recovery_only_warns(notes: Notes) -> None:
    """An error in recovery is Faust's to handle."""

    def apply(self: AtomicTable, batch: Sequence[Any]) -> None:
        for event in batch:
            self._recover(event.message.partition, [event.message])

    _put(AtomicTable, apply_changelog_batch=apply)
