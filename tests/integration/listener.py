"""A client of `/v1/stream` that can be killed at any moment: it keeps a line an event, and goes on behind the last.

python -m tests.integration.listener URL FILE
"""

import asyncio
import os
import sys
from contextlib import aclosing
from hashlib import sha256
from pathlib import Path

import orjson

from streams.sdk.event_stream import ServerSent
from streams.sdk.offered import Name
from streams.sdk.sse import listen

__all__ = ["TOPICS", "line_of", "lines_in"]

TOPICS: tuple[Name, ...] = ("articles", "stories", "events", "duplicates")


def line_of(event: bytes) -> str:
    """What is kept of an event: its place, its id, and a digest of all of it."""
    fields = orjson.loads(event)
    place = (fields["topic"], fields["partition"], fields["offset"])
    return "\t".join(map(str, (*place, fields["id"], sha256(event).hexdigest())))


def lines_in(file: Path) -> list[tuple[str, str]]:
    """Event id and kept line of every event; a last line that a kill has cut does not count."""
    whole, _, _ = file.read_text().rpartition("\n") if file.exists() else ("", "", "")
    return [(place, kept) for place, _, kept in (line.partition("\t") for line in whole.splitlines())]


async def main(url: str, file: Path) -> None:
    kept = lines_in(file)
    with file.open("a+b", buffering=0) as output:
        output.truncate(sum(len(place) + 1 + len(line) + 1 for place, line in kept))
        last_id = kept[-1][0] if kept else ""
        async with aclosing(listen(url, topics=TOPICS, since="earliest", last_id=last_id)) as events:
            async for sent in events:
                output.write(_written(sent))


def _written(sent: ServerSent) -> bytes:
    if sent.event == "gap":
        os._exit(3)  # nothing has gone from the topics: none is due
    return f"{sent.id}\t{line_of(sent.data.encode())}\n".encode()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
