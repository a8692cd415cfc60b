"""The whole flow, as data. The worker, topic creation, the in-memory runner, the docs and the tests read it.

    raw -> normalize -> normalized -> dedupe -> unique | duplicate
                                                unique -> enrich -> enriched + candidate -> cluster -> stories

A stage reads one topic and answers with an `Outcome`; each value it returns goes to
the topic in `writes` that carries its type, and a record it cannot process goes to
`<reads>.dlq`. A stage with a `table` is a single writer: it also gets its state,
rebuilt by `state` from the table, and the record's origin.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from streams.deferred import Deferred
from streams.outcome import Outcome
from streams.state.protocols import Table
from streams.topics import (
    CANDIDATE,
    CLUSTER_STATE,
    DEDUPE_STATE,
    DISPOSITION,
    DROP_LEDGER,
    DUPLICATE,
    ENRICHED,
    NORMALIZED,
    RAW,
    REPLAY_JOB,
    SOURCE_CONFIG,
    SOURCE_STATE,
    STORY_EVENT,
    STORY_STATE,
    UNIQUE,
    StateTopic,
    Topic,
)

__all__ = ["BESIDE", "ON_THE_WAY", "TERMINAL", "TOPOLOGY", "Stage", "stage_named", "topics"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the flow."""

    name: str
    reads: Topic
    writes: tuple[Topic, ...]
    run: Callable[..., Outcome]
    table: StateTopic | None = None
    state: Callable[[Table], Any] | None = None

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of all topics it has to do with: input, dead letters, outputs, and its table's changelog."""
        changelog = () if self.table is None else (self.table.name,)
        return (self.reads.name, self.reads.dead_letters, *(topic.name for topic in self.writes), *changelog)

    def load(self) -> None:
        """Import what it runs now, rather than at its first record."""
        for part in (self.run, self.state):
            if isinstance(part, Deferred):
                part.load()


# Named, not imported: who only looks at the flow needs no stage.
_NORMALIZE = Deferred("streams.stages.normalize:normalize")
_DEDUPE = Deferred("streams.stages.dedupe:dedupe")
_DEDUPE_STATE = Deferred("streams.stages.dedupe:DedupeState")
_ENRICH = Deferred("streams.stages.enrich:enrich")
_CLUSTER = Deferred("streams.stages.cluster:cluster")
_CLUSTER_STATE = Deferred("streams.stages.cluster:ClusterState")

TOPOLOGY = (
    Stage("normalize", RAW, (NORMALIZED,), _NORMALIZE),
    Stage("dedupe", NORMALIZED, (UNIQUE, DUPLICATE), _DEDUPE, DEDUPE_STATE, _DEDUPE_STATE),
    Stage("enrich", UNIQUE, (ENRICHED, CANDIDATE), _ENRICH),
    Stage("cluster", CANDIDATE, (STORY_EVENT, STORY_STATE), _CLUSTER, CLUSTER_STATE, _CLUSTER_STATE),
)

TERMINAL = (ENRICHED, DUPLICATE)
"""Where a document ends, exactly once, unless it is parked on the way."""

ON_THE_WAY = (RAW, NORMALIZED, UNIQUE)
"""Topics whose dead letters are a document's end. One whose story candidate is parked has been enriched."""

BESIDE: tuple[Topic, ...] = (REPLAY_JOB, SOURCE_CONFIG, SOURCE_STATE, DISPOSITION, DROP_LEDGER)
"""Topics that no stage reads or writes: what producers, pollers and tools keep for themselves, made with the others."""


def stage_named(name: str) -> Stage:
    """The stage called `name`; KeyError when there is none."""
    return {stage.name: stage for stage in TOPOLOGY}[name]


def topics(flow: Sequence[Stage] = TOPOLOGY) -> tuple[Topic, ...]:
    """Every public topic, in the order of the flow."""
    found = dict.fromkeys(topic for stage in flow for topic in (stage.reads, *stage.writes))
    return tuple(found)
