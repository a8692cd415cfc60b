"""newsloom's contracts: one pydantic model an event; see README.md in this folder."""

from schemas.article import Article, Author, Dateline, DuplicateRecord, Fingerprint, Provenance, Removed
from schemas.base import Count, Event, ExternalId, Precision, Revision, Source
from schemas.dead_letter import DeadLetter
from schemas.disposition import Disposition
from schemas.drop import DroppedFile
from schemas.enriched import (
    DateLayer,
    DateMention,
    EnrichedArticle,
    Entity,
    EntityLayer,
    EntityType,
    Keyword,
    KeywordLayer,
    Layers,
    Mention,
)
from schemas.raw import RawDocument
from schemas.replay import ReplayJob, ReplayRange, ReplaySelection
from schemas.source import FullText, Pushing, PushingEntry, Redirected, SeenEntry, SourceConfig, SourceState
from schemas.story import (
    Algorithm,
    SparseVector,
    Story,
    StoryArticle,
    StoryCandidate,
    StoryEntity,
    StoryEvent,
    StoryVectors,
)

__all__ = [
    "Algorithm",
    "Article",
    "Author",
    "Count",
    "DateLayer",
    "DateMention",
    "Dateline",
    "DeadLetter",
    "Disposition",
    "DroppedFile",
    "DuplicateRecord",
    "EnrichedArticle",
    "Entity",
    "EntityLayer",
    "EntityType",
    "Event",
    "ExternalId",
    "Fingerprint",
    "FullText",
    "Keyword",
    "KeywordLayer",
    "Layers",
    "Mention",
    "Precision",
    "Provenance",
    "Pushing",
    "PushingEntry",
    "RawDocument",
    "Redirected",
    "Removed",
    "ReplayJob",
    "ReplayRange",
    "ReplaySelection",
    "Revision",
    "SeenEntry",
    "Source",
    "SourceConfig",
    "SourceState",
    "SparseVector",
    "Story",
    "StoryArticle",
    "StoryCandidate",
    "StoryEntity",
    "StoryEvent",
    "StoryVectors",
]
