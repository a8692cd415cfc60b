"""What the read model answers: the models that the API publishes and the pages show."""

from datetime import datetime
from typing import Generic, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas import Author, DateMention, Entity, ExternalId, Keyword, Removed, Source
from schemas.article import Dateline, Provenance
from schemas.enriched import EntityType

__all__ = [
    "ArticleBrief",
    "ArticleFull",
    "Copy",
    "DeadLetterCount",
    "EntityCount",
    "Hit",
    "Member",
    "Minute",
    "Page",
    "Result",
    "SourceCount",
    "Step",
    "StoryBrief",
    "StoryEntityCount",
    "StoryFull",
    "TimelineEntry",
    "Trace",
]

T = TypeVar("T")


class Result(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class Page(Result, Generic[T]):
    """A part of a list; `next` is the cursor of the part behind it, null at the end."""

    items: tuple[T, ...]
    next: str | None = None


class ArticleBrief(Result):
    """An article as a list shows it. `copies` counts the duplicates folded under it."""

    article_id: str
    revision: int
    document_id: str
    url: str | None
    canonical_url: str | None
    title: str | None
    summary: str = Field(description="The publisher's summary, else how the text begins.")
    source_id: str
    source_name: str | None
    outlet: str | None
    language: str
    first_seen_at: AwareDatetime
    published_at: AwareDatetime | None
    word_count: int
    story_id: str | None = Field(description="The story it is in today, merges followed.")
    copies: int


class Hit(ArticleBrief):
    """An article that a search found, with a place where the words stand; `marks` are [start, end) in `snippet`."""

    snippet: str
    marks: tuple[tuple[int, int], ...]


class Copy(Result):
    """A duplicate of an article, and why it is one."""

    document_id: str
    article_id: str
    duplicate_of: str
    matched_article_id: str
    kind: Literal["url", "exact", "near", "contained"]
    similarity: float
    containment: float
    source_id: str
    title: str | None
    url: str | None
    first_seen_at: AwareDatetime


class ArticleFull(ArticleBrief):
    """An article whole. Offsets of `entities` and `dates` count code points of `body_text`.

    `removed` is what was taken out as boilerplate, null unless it was asked for.
    """

    subtitle: str | None = None
    body_text: str
    byline: str | None = None
    authors: tuple[Author, ...] = ()
    agency: str | None = None
    dateline: Dateline | None = None
    published_precision: str | None = None
    modified_at: AwareDatetime | None = None
    fetched_at: AwareDatetime | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    external_ids: tuple[ExternalId, ...] = ()
    source: Source
    language_confidence: float
    content_hash: str
    provenance: dict[str, Provenance] = Field(default_factory=dict)
    entities: tuple[Entity, ...] = ()
    dates: tuple[DateMention, ...] = ()
    terms: tuple[Keyword, ...] = ()
    removed: tuple[Removed, ...] | None = None
    duplicates: tuple[Copy, ...] = ()


class StoryEntityCount(Result):
    """An entity of a story; `articles` counts the members that name it."""

    entity_id: str
    type: EntityType
    name: str
    articles: int


class StoryBrief(Result):
    """A story as a list shows it. `hot` grows by one with a doubling of its articles, or with every six hours."""

    story_id: str
    version: int
    status: Literal["active", "closed", "merged"]
    title: str | None
    language: str
    representative_article_id: str
    article_count: int
    source_count: int
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime
    merged_into: str | None
    hot: float
    entities: tuple[StoryEntityCount, ...]


class StoryFull(StoryBrief):
    """A story with the ids that lead to it, and its members by source."""

    aliases: tuple[str, ...]
    sources: dict[str, int] = Field(description="Members by source id, as far as they are remembered.")


class Member(Result):
    """An article of a story, and the copies folded under it.

    `similarity` says how sure the join was, `joined_story_id` which story it joined when
    that was merged since. Once the article itself is forgotten, `url`, `outlet` and
    `published_at` are null.
    """

    article_id: str
    title: str | None
    source_id: str
    first_seen_at: AwareDatetime
    url: str | None
    outlet: str | None
    published_at: AwareDatetime | None
    similarity: float | None
    joined_story_id: str
    duplicates: tuple[Copy, ...]


class TimelineEntry(Result):
    """One event of a story, or of one that was merged into it."""

    story_id: str
    story_version: int
    kind: Literal["created", "article_added", "updated", "merged", "closed"]
    at: AwareDatetime
    similarity: float | None
    merged_into: str | None
    merged_from: str | None
    article_id: str | None
    title: str | None
    source_id: str | None
    url: str | None


class EntityCount(Result):
    """An entity and how many articles name it."""

    entity_id: str
    type: EntityType
    name: str
    articles: int


class SourceCount(Result):
    """A source, what came from it, and when last."""

    source_id: str
    name: str | None
    articles: int
    duplicates: int
    last_seen_at: AwareDatetime


class DeadLetterCount(Result):
    """Dead letters of one topic, by stage and reason."""

    topic: str
    stage: str
    reason: str
    records: int
    last_at: AwareDatetime


class Minute(Result):
    """Records that came into each topic in one minute, by short topic name."""

    at: datetime
    records: dict[str, int]


class Step(Result):
    """One record about what was asked for; `latency_ms` counts from the raw record it came of."""

    at: AwareDatetime
    topic: str
    partition: int
    offset: int
    what: str
    detail: str | None
    document_id: str | None
    article_id: str | None
    story_id: str | None
    latency_ms: int | None


class Trace(Result):
    """All that happened to a URL, document, article or story, in order; `complete` is false when it was cut."""

    asked: str
    documents: tuple[str, ...]
    articles: tuple[str, ...]
    stories: tuple[str, ...]
    steps: tuple[Step, ...]
    complete: bool
