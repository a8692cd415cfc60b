"""Records of a topic as `newsloom tail` shows them: the last of them, or from somewhere on."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from streams.codec import Record
from streams.edge.reader import Start, read_topic
from streams.endpoint import Endpoint
from streams.query import Query, value_of

__all__ = ["Shown", "from_here", "the_last"]

Shown = tuple[Record, Any]
"""A record and its JSON."""


async def the_last(
    endpoint: Endpoint, topic: str, query: Query, *, limit: int, follow: bool = False
) -> AsyncGenerator[Shown, None]:
    """The last `limit` records that `query` wants, by time; with `follow` those that come after them, for ever."""
    start: Start = -limit if query.anything and limit else "earliest"
    ends: dict[int, int] = {}
    found = [shown async for shown in _wanted(endpoint, topic, query, start, ends)]
    found.sort(key=lambda shown: (shown[0].timestamp_ms, shown[0].partition, shown[0].offset))
    for shown in found[-limit:] if limit else ():
        yield shown
    if not follow:
        return
    # From the same place again: what has come between the two readings is not to be missed.
    async with aclosing(_wanted(endpoint, topic, query, start, {}, until_end=False)) as coming:
        async for shown in coming:
            if shown[0].offset > ends.get(shown[0].partition, -1):
                yield shown


async def from_here(
    endpoint: Endpoint, topic: str, query: Query, *, start: Start, limit: int | None, follow: bool = False
) -> AsyncGenerator[Shown, None]:
    """Records that `query` wants from `start` on, at most `limit`; to the end of the log, or for ever with `follow`."""
    left = limit
    if left == 0:
        return
    async with aclosing(_wanted(endpoint, topic, query, start, {}, until_end=not follow)) as wanted:
        async for shown in wanted:
            yield shown
            left = None if left is None else left - 1
            if left == 0:
                return


async def _wanted(
    endpoint: Endpoint, topic: str, query: Query, start: Start, ends: dict[int, int], *, until_end: bool = True
) -> AsyncGenerator[Shown, None]:
    """What `query` wants; `ends` gets the last offset seen of each partition."""
    async with aclosing(read_topic(endpoint, topic, start=start, until_end=until_end)) as records:
        async for record in records:
            ends[record.partition] = record.offset
            value = value_of(record)
            if query.accepts(record, value):
                yield record, value
