"""Faust's own way of a record, put back: for the tests that show what is lost on it.

Mutations like those of `tests.integration.mutations`, which lists them too.
"""
# ruff: noqa: ARG001 - all are called alike, whether they have something to tell or not

from collections.abc import Awaitable, Callable
from typing import Any

from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.codec import Record
from streams.edge import worker
from streams.edge.agents import Work
from streams.edge.consumer import SafeConsumer
from streams.edge.hardened import HardenedApp
from streams.edge.inbox import Batch
from tests.integration.notes import Notes

__all__ = ["drop", "put", "stock_agent", "stock_decoding", "stock_delivery", "stock_frontier"]


def put(place: Any, **replacements: Any) -> None:
    for name, replacement in replacements.items():
        setattr(place, name, replacement)


def drop(place: Any, *names: str) -> None:
    """Take out what is ours, so that Faust's own shows; what is out already stays out."""
    for name in names:
        if name in vars(place):
            delattr(place, name)


def stock_frontier(notes: Notes) -> None:
    """Faust's own commit frontier."""
    drop(SafeConsumer, "_new_offset", "_commit_offsets", "_filter_tps_with_pending_acks", "_commit_handler")

    def acked(self: SafeConsumer, batch: Batch) -> None:
        self.inbox.done()
        for record in batch.records:
            message = self._to_message(TP(record.topic, record.partition), record)
            driver.Consumer.ack(self, message)

    put(SafeConsumer, acked=acked)


def stock_delivery(notes: Notes) -> None:
    """Faust's own way of a record, an event in the stream of the agent, and its own frontier."""

    async def consume(stream: Any, app: HardenedApp, work: Work) -> None:
        async for events in stream.noack_take(app.settings.batch_records, within=app.settings.batch_wait_s):
            await work([_record_of(event) for event in events])
            for event in events:
                event.ack()

    stock_frontier(notes)
    _stock_agent(consume)
    drop(SafeConsumer, "_drain_messages", "wait_empty", "perform_seek")


def _stock_agent(consume: Callable[[Any, HardenedApp, Work], Awaitable[None]]) -> None:
    def add_agent(app: HardenedApp, stage: Any, work: Work) -> None:
        async def agent(stream: Any) -> None:
            await consume(stream, app, work)

        app.agent(worker._raw_topic(app, stage.reads.name), name=stage.name, concurrency=1)(agent)

    put(worker, _add_agent=add_agent)


def _record_of(event: Any) -> Record:
    message = event.message
    milliseconds = round(message.timestamp * 1000)
    headers = tuple(message.headers or ())
    return Record(message.topic, message.partition, message.offset, message.key, message.value, headers, milliseconds)


def stock_agent(notes: Notes) -> None:
    """A batch as Faust gives it: acked when the agent is done with it, however that ended."""

    async def consume(stream: Any, app: HardenedApp, work: Work) -> None:
        async for events in stream.take_events(app.settings.batch_records, within=app.settings.batch_wait_s):
            await work([_record_of(event) for event in events])

    stock_delivery(notes)
    _stock_agent(consume)


def stock_decoding(notes: Notes) -> None:
    """Faust decodes the JSON."""

    def topic(app: HardenedApp, name: str, **options: bool) -> Any:
        return app.topic(app.settings.topic(name), **options)

    stock_delivery(notes)
    put(worker, _raw_topic=topic)
