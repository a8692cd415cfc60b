"""The topics that the read model follows, by short names: its rows carry these, its answers the full ones."""

from streams.topics import CANDIDATE, DUPLICATE, ENRICHED, NORMALIZED, RAW, STORY_EVENT, STORY_STATE, UNIQUE, Topic
from streams.topology import TOPOLOGY

__all__ = ["COMPACTED", "FOLLOWED", "LETTERS", "MODELS", "full_name"]

MODELS: dict[str, Topic] = {
    "raw": RAW,
    "normalized": NORMALIZED,
    "duplicate": DUPLICATE,
    "unique": UNIQUE,
    "enriched": ENRICHED,
    "candidate": CANDIDATE,
    "event": STORY_EVENT,
    "story": STORY_STATE,
}
"""Public topics in the order of the flow; a trace orders what happened at the same time by it."""

_SHORT = {topic: name for name, topic in MODELS.items()}

LETTERS: dict[str, str] = {f"{_SHORT[stage.reads]}.dlq": stage.name for stage in TOPOLOGY}
"""Topics of dead letters, each with the stage that parks there."""

FOLLOWED: dict[str, str] = {name: topic.name for name, topic in MODELS.items()} | {
    f"{_SHORT[stage.reads]}.dlq": stage.reads.dead_letters for stage in TOPOLOGY
}
"""Full name of every followed topic, without any lane."""

COMPACTED = frozenset(name for name, topic in MODELS.items() if topic.cleanup == "compact")
"""Topics in which only the last record of a key counts, however old it is."""


def full_name(short: str) -> str:
    """The name of a followed topic without the lane."""
    return FOLLOWED[short]
