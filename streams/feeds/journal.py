"""Where the poller's memory is: the catalogue and the states in their topics, and what it has pushed in the raw one.

A push is exact across a SIGKILL because it is announced: the state, with what is about to be pushed and the ends of
the raw topic, is acknowledged before the documents are sent, and the state without it after they are. Whoever finds
an announcement looks in the raw topic behind those ends for what has come of it. Transactions would do the same and
put markers into the raw topic, where every reader, and the workers' guard against gaps, counts on none.
"""

from collections.abc import Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Self, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from pydantic import ValidationError

from schemas import Event, Pushing, SourceConfig, SourceState
from streams.codec import Message, encode
from streams.edge.landed import landed
from streams.edge.outbox import Outbox
from streams.edge.reader import partition_count, read_table
from streams.endpoint import Endpoint
from streams.ids import content_id
from streams.settings import Settings
from streams.topics import RAW, SOURCE_CONFIG, SOURCE_STATE, Topic

__all__ = ["Catalogue", "Journal", "read_configs", "read_states", "record_message", "removal_message"]

T = TypeVar("T", bound=Event)

Catalogue = dict[str, SourceConfig]


async def read_configs(endpoint: Endpoint, settings: Settings) -> Catalogue:
    """The catalogue as of now, by source id; what cannot be read is left out."""
    table = await read_table(endpoint, settings.topic(SOURCE_CONFIG.name))
    return {config.source_id: config for config in _valid(table, SourceConfig)}


async def read_states(endpoint: Endpoint, settings: Settings) -> dict[str, SourceState]:
    """The state of each source as of now; one that cannot be read is as if it had never been polled."""
    table = await read_table(endpoint, settings.topic(SOURCE_STATE.name))
    return {state.source_id: state for state in _valid(table, SourceState)}


def _valid(table: Mapping[bytes, bytes], model: type[T]) -> Iterable[T]:
    for value in table.values():
        try:
            yield model.model_validate_json(value)
        except ValidationError:
            continue


def record_message(topic: Topic, value: Event) -> Message:
    """The record of a compacted topic for `value`; its time is the broker's."""
    key, body = topic.key(value), encode(value)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{key}:{content_id(body.decode())}",
        "ce_type": topic.name,
        "ce_source": f"/sources/{key}",
        "ce_subject": topic.subject(value),
        "ce_dataschema": topic.dataschema,
        "content-type": "application/json",
    }
    packed = tuple((name, text.encode("utf-8", "replace")) for name, text in headers.items())
    return Message(topic.name, key.encode(), body, packed)


def removal_message(topic: Topic, key: str) -> Message:
    """The record that takes `key` out of a compacted topic."""
    return Message(topic.name, key.encode(), None)


@dataclass(slots=True)
class Journal:
    """Writes states, tells the ends of the raw topic, and looks for what was pushed; a context manager."""

    endpoint: Endpoint
    settings: Settings
    _outbox: Outbox = field(init=False)
    _marks: Any = field(init=False)
    _raw: list[TopicPartition] = field(init=False)
    _config: list[TopicPartition] = field(init=False)
    _resources: AsyncExitStack = field(default_factory=AsyncExitStack)

    async def __aenter__(self) -> Self:
        """Connect; BrokerError when there is no broker or a topic is missing."""
        raw, config = (self.settings.topic(topic.name) for topic in (RAW, SOURCE_CONFIG))
        self._raw = [TopicPartition(raw, n) for n in range(await partition_count(self.endpoint, raw))]
        self._config = [TopicPartition(config, n) for n in range(await partition_count(self.endpoint, config))]
        self._outbox = await self._resources.enter_async_context(Outbox(self.endpoint, self.settings))
        self._marks = AIOKafkaConsumer(**self.endpoint.client(), enable_auto_commit=False)
        await self._marks.start()
        self._resources.push_async_callback(self._marks.stop)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._resources.aclose()

    async def write(self, *states: SourceState) -> None:
        """Write states; returns once the broker has them. BrokerError when it has not."""
        try:
            await self._outbox.send(record_message(SOURCE_STATE, state) for state in states)
        except (KafkaError, TimeoutError) as error:
            raise self.endpoint.failure(error) from error

    async def raw_ends(self) -> tuple[int, ...]:
        """Offset behind the last record of each partition of the raw topic."""
        return await self._ends(self._raw)

    async def catalogue_ends(self) -> tuple[int, ...]:
        """The same of the catalogue: it changes when the catalogue does."""
        return await self._ends(self._config)

    async def _ends(self, partitions: list[TopicPartition]) -> tuple[int, ...]:
        try:
            ends = await self._marks.end_offsets(partitions)
        except (KafkaError, TimeoutError) as error:
            raise self.endpoint.failure(error) from error
        return tuple(ends[partition] for partition in partitions)

    async def landed(self, announced: Iterable[Pushing]) -> set[str]:
        """Those `ce_id` of announced pushes that are in the raw topic."""
        announced = list(announced)
        wanted = {entry.ce_id for pushing in announced for entry in pushing.entries}
        if not wanted:
            return set()
        starts = {n: min(offsets) for n, offsets in enumerate(zip(*(p.offsets for p in announced), strict=True))}
        return set(await landed(self.endpoint, self._raw[0].topic, starts, by="ce_id", wanted=wanted))
