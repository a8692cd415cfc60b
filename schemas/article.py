"""A clean article, and the record of one that repeats another."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.base import Count, Event, ExternalId, LanguageTag, Precision, Revision, Source, UtcDatetime

__all__ = [
    "Article",
    "Author",
    "Dateline",
    "DuplicateRecord",
    "Fingerprint",
    "Provenance",
    "Removed",
]


class Provenance(Event):
    """Who filled a field, by which method, and how sure it was (0 to 1)."""

    producer: str
    version: str
    method: str
    confidence: float | None = Field(default=None, ge=0, le=1)


class Author(Event):
    """A person of the byline."""

    name: str
    url: str | None = None


class Dateline(Event):
    """The head of a wire story: `SEOUL, Feb 20 (Reuters) -`."""

    text: str
    place: str | None = None
    date: str | None = None
    agency: str | None = None


class Removed(Event):
    """Boilerplate taken out of the text, verbatim, so that a reader can check."""

    text: str
    kind: Literal["head", "boilerplate", "caption", "repeated", "markup"]


class Fingerprint(Event):
    """What dedupe compares, computed where the work is parallel.

    `minhash`: 128 little-endian uint16. `sample` and `lead`: little-endian uint32
    shingle hashes. All three base64. `shingles` and `tokens` are exact counts.
    """

    version: str
    tokens: Count
    shingles: Count
    minhash: str
    sample: str
    lead: str


class Article(Event):
    """One article, clean: what the stage `normalize` makes of a raw document.

    `body_text` is NFC, paragraphs separated by a blank line; all offsets in later
    layers count its code points. `provenance` maps a field name to who filled it.
    """

    document_id: str
    article_id: str
    revision: Revision = 1
    content_hash: str
    source: Source
    url: str | None = None
    canonical_url: str | None = None
    external_ids: tuple[ExternalId, ...] = ()
    title: str | None = None
    subtitle: str | None = None
    summary: str | None = None
    body_text: str = Field(min_length=1)
    word_count: Count
    byline: str | None = None
    authors: tuple[Author, ...] = ()
    outlet: str | None = None
    agency: str | None = None
    dateline: Dateline | None = None
    published_at: AwareDatetime | None = None
    published_precision: Precision | None = None
    modified_at: AwareDatetime | None = None
    first_seen_at: UtcDatetime
    fetched_at: UtcDatetime | None = None
    language: LanguageTag
    language_confidence: float = Field(ge=0, le=1)
    section: str | None = None
    keywords: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    provenance: dict[str, Provenance] = Field(default_factory=dict)
    fingerprint: Fingerprint


class DuplicateRecord(Event):
    """An article that repeats an earlier one, whole, with the reason for the verdict.

    `duplicate_of` is the first article of its group, `matched_article_id` the one it
    was compared with. `similarity` and `containment` are estimates from 0 to 1.
    """

    document_id: str
    article_id: str
    duplicate_of: str
    matched_article_id: str
    kind: Literal["url", "exact", "near", "contained"]
    similarity: float = Field(ge=0, le=1)
    containment: float = Field(ge=0, le=1)
    method: str
    version: str
    first_seen_at: UtcDatetime
    article: Article
