"""Stub to be replaced."""

from schemas import StoryCandidate
from streams.outcome import Dead, Outcome
from streams.state.protocols import Origin, Table


class ClusterState:
    def __init__(self, table: Table) -> None:
        self.table = table


def cluster(candidate: StoryCandidate, state: ClusterState, origin: Origin) -> Outcome:
    return Dead("empty_body")
