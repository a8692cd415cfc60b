"""What became of the dead letters of a lane: read from the topic that operators' tools write to."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from pydantic import ValidationError

from schemas import Disposition
from streams.codec import Record
from streams.deadletter import letter_id
from streams.edge.reader import read_table, read_topics
from streams.endpoint import Endpoint
from streams.settings import Settings
from streams.topics import DISPOSITION

__all__ = ["Dispositions", "read_dispositions", "read_letters", "settled"]

Dispositions = dict[str, Disposition]
"""By `streams.deadletter.letter_id`. A letter that is not in it is open, and so is one that is `redriving`."""


async def read_dispositions(endpoint: Endpoint, settings: Settings) -> Dispositions:
    """All that are known as of now; a record that is none is passed over."""
    found: Dispositions = {}
    for value in (await read_table(endpoint, settings.topic(DISPOSITION.name))).values():
        with suppress(ValidationError):
            disposition = Disposition.model_validate_json(value)
            found[disposition.letter_id] = disposition
    return found


async def read_letters(endpoint: Endpoint, settings: Settings, *topics: str) -> AsyncIterator[Record]:
    """All letters of dead-letter topics as of now; these, and the topic of each record, are named without the lane."""
    names = {settings.topic(topic): topic for topic in topics}
    async for record in read_topics(endpoint, names):
        yield replace(record, topic=names[record.topic])


def settled(letter: Record, dispositions: Dispositions) -> str | None:
    """`redriven` or `discarded`; None for a letter that is open."""
    known = dispositions.get(letter_id(letter))
    return None if known is None or known.state == "redriving" else known.state
