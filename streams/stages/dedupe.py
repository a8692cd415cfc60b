"""Stub to be replaced."""

from schemas import Article
from streams.outcome import Dead, Outcome
from streams.state.protocols import Origin, Table


class DedupeState:
    def __init__(self, table: Table) -> None:
        self.table = table


def dedupe(article: Article, state: DedupeState, origin: Origin) -> Outcome:
    return Dead("empty_body")
