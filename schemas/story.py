"""Stories: the candidate that asks to join one, what happened to them, how they stand."""

from typing import Literal

from pydantic import Field

from schemas.base import Count, Event, LanguageTag, Revision, UtcDatetime
from schemas.enriched import EntityType

__all__ = [
    "Algorithm",
    "SparseVector",
    "Story",
    "StoryArticle",
    "StoryCandidate",
    "StoryEntity",
    "StoryEvent",
    "StoryVectors",
]


class SparseVector(Event):
    """Unit-length sparse vector: `terms` little-endian uint32 ids ascending, `weights` float32; base64."""

    terms: str
    weights: str


class StoryVectors(Event):
    """The four fields clustering compares, made with one IDF snapshot (`idf_version`)."""

    idf_version: str
    all: SparseVector
    title: SparseVector
    lead: SparseVector
    ent: SparseVector


class StoryEntity(Event):
    """An entity of a story; `articles` counts the members that name it (in a candidate: 1)."""

    entity_id: str
    type: EntityType
    name: str
    articles: int = Field(default=1, ge=1, le=2**31 - 1)


class StoryCandidate(Event):
    """Internal, compact: all that `cluster` needs to place one article."""

    document_id: str
    article_id: str
    revision: Revision = 1
    language: LanguageTag
    source_id: str
    title: str | None = None
    first_seen_at: UtcDatetime
    entities: tuple[StoryEntity, ...] = ()
    vectors: StoryVectors


class Algorithm(Event):
    """What made a decision, down to its configuration."""

    name: str
    version: str
    config_hash: str


class StoryArticle(Event):
    """A member of a story, as much as a list needs."""

    article_id: str
    title: str | None = None
    source_id: str
    first_seen_at: UtcDatetime


class StoryEvent(Event):
    """One thing that happened to a story; key `story_id`, numbered by `story_version`.

    `created` and `article_added` name the article; `merged` says into which story
    this one went (`merged_into`); `updated` follows a new revision of a member or a
    merge into this story (`merged_from`); `closed` says that no article joins it any more.
    """

    story_id: str
    story_version: Revision
    kind: Literal["created", "article_added", "updated", "merged", "closed"]
    at: UtcDatetime
    language: LanguageTag
    article: StoryArticle | None = None
    similarity: float | None = None
    merged_into: str | None = None
    merged_from: str | None = None
    algorithm: Algorithm


class Story(Event):
    """A story as it stands; the value of the table keyed by story id.

    `articles` holds the most recent members (bounded), oldest first; the full list is
    in the events. A merged story keeps its id as a redirect: `merged_into`.
    """

    story_id: str
    version: Revision
    status: Literal["active", "closed", "merged"]
    title: str | None = None
    language: LanguageTag
    representative_article_id: str
    article_count: Count
    source_count: Count
    first_seen_at: UtcDatetime
    last_seen_at: UtcDatetime
    merged_into: str | None = None
    aliases: tuple[str, ...] = ()
    entities: tuple[StoryEntity, ...] = ()
    articles: tuple[StoryArticle, ...] = ()
    algorithm: Algorithm
