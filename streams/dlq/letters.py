"""Dead letters read from their topics. Browsing is reading: no group, nothing committed, nothing consumed."""

import heapq
from collections.abc import AsyncIterator
from contextlib import aclosing
from itertools import count

from streams.codec import Record
from streams.deadletter import letter_id
from streams.dlq.selection import Letter, Selection, letter_of
from streams.edge.dispositions import Dispositions, read_dispositions, read_letters
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint
from streams.errors import InputError
from streams.settings import Settings

__all__ = ["letter_at", "newest", "select"]


async def select(
    endpoint: Endpoint, settings: Settings, selection: Selection, dispositions: Dispositions
) -> AsyncIterator[Letter]:
    """The selected letters that are there when the reading begins, in the order of each partition."""
    async for record in read_letters(endpoint, settings, *selection.topics()):
        letter = letter_of(record, dispositions.get(letter_id(record)))
        if selection.takes(letter):
            yield letter


async def newest(endpoint: Endpoint, settings: Settings, selection: Selection, limit: int) -> list[Letter]:
    """The `limit` selected letters whose records are the youngest, these first."""
    dispositions = await read_dispositions(endpoint, settings)
    kept: list[tuple[tuple[object, ...], Letter]] = []
    arrival = count()
    async for letter in select(endpoint, settings, selection, dispositions):
        heapq.heappush(kept, ((letter.at, letter.record.offset, next(arrival)), letter))
        if len(kept) > limit:
            heapq.heappop(kept)
    return [letter for _, letter in sorted(kept, key=lambda item: item[0], reverse=True)]


async def letter_at(endpoint: Endpoint, settings: Settings, topic: str, partition: int, offset: int) -> Letter:
    """The letter at a place, whatever became of it; InputError when there is none, or no longer."""
    record = await _record_at(endpoint, settings, topic, partition, offset)
    if record is None:
        raise InputError(
            f"no dead letter {topic}:{partition}:{offset}; `newsloom dlq list --all` shows those there are"
        )
    dispositions = await read_dispositions(endpoint, settings)
    return letter_of(record, dispositions.get(letter_id(record)))


async def _record_at(endpoint: Endpoint, settings: Settings, topic: str, partition: int, offset: int) -> Record | None:
    name = settings.topic(topic)
    async with aclosing(read_topic(endpoint, name, start=offset, partitions=[partition])) as records:
        async for found in records:
            if found.offset != offset:
                return None
            return Record(topic, partition, offset, found.key, found.value, found.headers, found.timestamp_ms)
    return None
