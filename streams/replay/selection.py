"""Which records of a topic a replay takes; a pure test of each."""

from dataclasses import dataclass
from typing import Self

from schemas import ReplaySelection
from streams.codec import Record, header, origin_of
from streams.query import Query, value_of
from streams.replay.merge import OriginSet

__all__ = ["Wanted", "document_in", "is_everything"]


def is_everything(selection: ReplaySelection) -> bool:
    """Whether nothing was asked for in particular."""
    return selection == ReplaySelection()


def document_in(record: Record) -> str | None:
    """Id of the document behind a record: its header says so, else its value."""
    known = header(record.headers, "ce_documentid")
    if known is not None:
        return known
    value = value_of(record)
    found = value.get("document_id") if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Of each kind that is given one must fit; values are looked at only where needed.

    `documents` and `origins` None mean any. A raw document does not know its language: the
    origins of what the normalizer found to be in it stand for it.
    """

    sources: tuple[Query, ...] = ()
    languages: tuple[Query, ...] = ()
    documents: frozenset[str] | None = None
    origins: OriginSet | None = None

    @classmethod
    def by(cls, selection: ReplaySelection, origins: OriginSet | None = None) -> Self:
        """The test for a selection whose articles and stories have been looked up."""
        named = selection.documents or selection.articles or selection.stories
        languages = () if origins is not None else selection.languages
        return cls(
            tuple(Query(source=source) for source in selection.sources),
            tuple(Query(language=language) for language in languages),
            frozenset(selection.documents) if named else None,
            origins,
        )

    def accepts(self, record: Record) -> bool:
        """Whether the replay takes `record`."""
        if self.documents is not None and document_in(record) not in self.documents:
            return False
        if self.origins is not None and origin_of(record) not in self.origins:
            return False
        if not (self.sources or self.languages):
            return True
        value = value_of(record)
        return all(
            not queries or any(query.accepts(record, value) for query in queries)
            for queries in (self.sources, self.languages)
        )
