"""Every topic in one typed place; nothing else in the code spells a topic name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from schemas import (
    Article,
    Disposition,
    DroppedFile,
    DuplicateRecord,
    EnrichedArticle,
    Event,
    RawDocument,
    ReplayJob,
    SourceConfig,
    SourceState,
    Story,
    StoryCandidate,
    StoryEvent,
)
from schemas.registry import contract_of

__all__ = [
    "CANDIDATE",
    "CLUSTER_STATE",
    "DEDUPE_STATE",
    "DISPOSITION",
    "DROP_LEDGER",
    "DUPLICATE",
    "ENRICHED",
    "NORMALIZED",
    "RAW",
    "REPLAY_JOB",
    "SOURCE_CONFIG",
    "SOURCE_STATE",
    "STORY_EVENT",
    "STORY_STATE",
    "UNIQUE",
    "StateTopic",
    "Topic",
]

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Topic:
    """A public topic: what it carries and how it is keyed.

    `key` gives the record key from a value, `subject` the CloudEvents subject.
    A `compact` topic is the public face of a table: the last record of a key wins.
    """

    name: str
    model: type[Event]
    key: Callable[[Any], str]
    subject: Callable[[Any], str]
    retention_ms: int = 30 * DAY_MS
    cleanup: Literal["delete", "compact"] = "delete"

    @property
    def dead_letters(self) -> str:
        """Name of the topic for records of this one that cannot be processed."""
        return f"{self.name}.dlq"

    @property
    def dataschema(self) -> str:
        """CloudEvents `dataschema`: the `$id` of the JSON Schema of what it carries."""
        return contract_of(self.model).id


@dataclass(frozen=True, slots=True)
class StateTopic:
    """The changelog of a single-writer stage's state: opaque bytes, compacted, ours alone."""

    name: str


def _document(value: Any) -> str:
    return str(value.document_id)


def _article(value: Any) -> str:
    return str(value.article_id)


def _story(value: Any) -> str:
    return str(value.story_id)


def _language(value: Any) -> str:
    return str(value.language)


def _source(value: Any) -> str:
    return str(value.source_id)


def _letter(value: Any) -> str:
    return str(value.letter_id)


def _file(value: Any) -> str:
    return str(value.file_id)


def _job(value: Any) -> str:
    return str(value.job_id)


RAW = Topic("news.raw.v1", RawDocument, _document, _document)
# One language, one writer: dedupe compares an article with all earlier ones of its language.
NORMALIZED = Topic("news.article.normalized.v1", Article, _language, _article, 7 * DAY_MS)
UNIQUE = Topic("news.article.unique.v1", Article, _article, _article, 7 * DAY_MS)
DUPLICATE = Topic("news.article.duplicate.v1", DuplicateRecord, _article, _article)
ENRICHED = Topic("news.article.enriched.v1", EnrichedArticle, _article, _article)
# The same for clustering.
CANDIDATE = Topic("news.story.candidate.v1", StoryCandidate, _language, _article, 7 * DAY_MS)
STORY_EVENT = Topic("news.story.event.v1", StoryEvent, _story, _story)
STORY_STATE = Topic("news.story.state.v1", Story, _story, _story, cleanup="compact")

REPLAY_JOB = Topic("news.replay.job.v1", ReplayJob, _job, _job, cleanup="compact")

# What the poller is told, and where it stands: one record a source.
SOURCE_CONFIG = Topic("news.source.config.v1", SourceConfig, _source, _source, cleanup="compact")
SOURCE_STATE = Topic("news.source.state.v1", SourceState, _source, _source, cleanup="compact")

# What became of dead letters, one record a letter; and of files in drop folders, one a path.
DISPOSITION = Topic("news.dlq.disposition.v1", Disposition, _letter, _letter, cleanup="compact")
DROP_LEDGER = Topic("news.drop.ledger.v1", DroppedFile, _file, _file, cleanup="compact")

DEDUPE_STATE = StateTopic("news.dedupe.changelog.v1")
CLUSTER_STATE = StateTopic("news.cluster.changelog.v1")
