"""What may be subscribed to, by the names readers use."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

from schemas import Event
from streams.codec import Record, decode
from streams.deadletter import read_dead_letter
from streams.errors import UsageError
from streams.outcome import Dead
from streams.topics import DUPLICATE, ENRICHED, RAW, STORY_EVENT, STORY_STATE, Topic
from streams.topology import TOPOLOGY

__all__ = ["OFFERED", "Name", "Offered", "offered"]

Name = Literal["articles", "stories", "events", "duplicates", "dead_letters", "raw"]


@dataclass(frozen=True, slots=True)
class Offered:
    """Topics under one name, without any lane; `kind` is what one record of them is called.

    `read` gives the value of a record, or why it has none. In a `table` only the last record of a
    key counts, and one without a value says that the key is gone.
    """

    name: Name
    kind: str
    topics: tuple[str, ...]
    read: Callable[[Record], Event | Dead]
    table: bool = False


def _one(name: Name, kind: str, topic: Topic) -> Offered:
    return Offered(name, kind, (topic.name,), partial(decode, topic), table=topic.cleanup == "compact")


OFFERED: dict[Name, Offered] = {
    each.name: each
    for each in (
        _one("articles", "article", ENRICHED),
        _one("stories", "story", STORY_STATE),
        _one("events", "event", STORY_EVENT),
        _one("duplicates", "duplicate", DUPLICATE),
        Offered("dead_letters", "dead_letter", tuple(s.reads.dead_letters for s in TOPOLOGY), read_dead_letter),
        _one("raw", "raw", RAW),
    )
}


def offered(name: str) -> Offered:
    """What goes by `name`; UsageError when nothing does."""
    found = next((each for each in OFFERED.values() if each.name == name), None)
    if found is None:
        raise UsageError(f"nothing is called {name!r}; there are {', '.join(get_args(Name))}")
    return found
