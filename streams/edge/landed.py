"""What has come of sends that were announced before they were made.

Whoever sends from outside the flow and must not send twice announces it first: a record, acknowledged, of what is about
to be sent and of where its topic ended then. One that finds such a record after a kill looks behind that end.
A request that the killed process had handed to the network is not seen if it arrives later than this look.
"""

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing

from streams.codec import header
from streams.edge.reader import read_topic
from streams.endpoint import Endpoint

__all__ = ["landed"]

Place = tuple[int, int]


async def landed(
    endpoint: Endpoint, topic_name: str, starts: Mapping[int, int], *, by: str, wanted: Collection[str]
) -> dict[str, Place]:
    """Partition and offset of the first record for each of `wanted` that is there: values of the header `by`.

    `starts` gives the partitions to look in and where to begin; `topic_name` is the full name.
    """
    if not wanted:
        return {}
    parts = [_in_partition(endpoint, topic_name, number, start, by, wanted) for number, start in starts.items()]
    found: dict[str, Place] = {}
    for part in await asyncio.gather(*parts):
        found = part | found
    return found


async def _in_partition(
    endpoint: Endpoint, topic_name: str, partition: int, start: int, by: str, wanted: Collection[str]
) -> dict[str, Place]:
    found: dict[str, Place] = {}
    async with aclosing(read_topic(endpoint, topic_name, start=start, partitions=[partition])) as records:
        async for record in records:
            name = header(record.headers, by)
            if name in wanted and name is not None:
                found.setdefault(name, (partition, record.offset))
    return found
