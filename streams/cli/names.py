"""Topics by the names people type."""

from streams.errors import UsageError
from streams.topics import (
    CANDIDATE,
    DUPLICATE,
    ENRICHED,
    NORMALIZED,
    RAW,
    STORY_EVENT,
    STORY_STATE,
    UNIQUE,
    Topic,
)

__all__ = ["full_name", "is_table", "topic_named"]

_SHORT = {
    "raw": RAW,
    "normalized": NORMALIZED,
    "unique": UNIQUE,
    "duplicate": DUPLICATE,
    "duplicates": DUPLICATE,
    "enriched": ENRICHED,
    "candidate": CANDIDATE,
    "candidates": CANDIDATE,
    "event": STORY_EVENT,
    "events": STORY_EVENT,
    "story": STORY_STATE,
    "stories": STORY_STATE,
}
_ALL = _SHORT | {topic.name: topic for topic in _SHORT.values()}


def topic_named(name: str) -> Topic:
    """The topic of a short or full name; UsageError when there is none."""
    try:
        return _ALL[name]
    except KeyError:
        listed = "raw, normalized, unique, duplicate, enriched, candidate, events, stories"
        raise UsageError(f"no topic {name!r}; there are {listed}, and NAME.dlq of each") from None


def full_name(name: str) -> str:
    """Name of a topic, or of its dead letters for `NAME.dlq`, without the lane."""
    base = name.removesuffix(".dlq")
    topic = topic_named(base)
    return topic.name if base == name else topic.dead_letters


def is_table(name: str) -> bool:
    """Whether the topic `name` is the face of a table: of each key, the last record counts."""
    return not name.endswith(".dlq") and topic_named(name).cleanup == "compact"
