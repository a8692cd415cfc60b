"""Small true events for tests: ids, fingerprints and vectors are computed, never invented.

Every builder takes changes of single fields by keyword; they win over what is derived.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas import Article, Event, RawDocument, Source, StoryCandidate
from streams import ids
from streams.codec import Headers, Record, encode
from streams.text.fingerprint import content_hash, fingerprint
from streams.text.vectorize import vectorize
from streams.topics import Topic

__all__ = ["BODY", "SEEN_AT", "TITLE", "article", "candidate", "raw_document", "record_of", "seen_at"]

SEEN_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

TITLE = "Harbour bridge at Tarnmouth reopens after winter repairs"

BODY = """\
The swing bridge over the harbour of Tarnmouth carried its first traffic in four months on Monday, after engineers \
replaced the bearing that had failed during the November storm.

Mayor Ilse Varga said the repair had cost nine million crowns, two million less than the council had set aside. \
"We kept every promise but the date," she told reporters at the southern gate.

Lorries of more than twelve tonnes will have to take the northern road until the end of April, when the harbour \
authority plans a second test under load."""


def seen_at(minutes: float) -> datetime:
    """`SEEN_AT` and so many minutes."""
    return SEEN_AT + timedelta(minutes=minutes)


def raw_document(
    content: str = f"{TITLE}\n\n{BODY}\n", *, natural_id: str | None = None, **changes: Any
) -> RawDocument:
    """A raw text as a producer would push it; its id is that of `natural_id`, else of its content."""
    source = changes.pop("source", Source(id="gazette"))
    fields: dict[str, Any] = {
        "document_id": ids.document_id(source.id, natural_id or content),
        "source": source,
        "content": content,
        "first_seen_at": SEEN_AT,
    }
    return RawDocument.model_validate(fields | changes)


def article(body_text: str = BODY, title: str | None = TITLE, **changes: Any) -> Article:
    """The article that a good normalizer makes of `title` and `body_text`."""
    source = changes.pop("source", Source(id="gazette"))
    canonical_url = changes.get("canonical_url")
    hashed = content_hash(body_text)
    fields: dict[str, Any] = {
        "document_id": ids.document_id(source.id, f"{title}\n\n{body_text}\n"),
        "article_id": ids.article_id(canonical_url, hashed),
        "content_hash": hashed,
        "source": source,
        "title": title,
        "body_text": body_text,
        "word_count": len(body_text.split()),
        "first_seen_at": SEEN_AT,
        "language": "en",
        "language_confidence": 0.99,
        "fingerprint": fingerprint(body_text),
    }
    return Article.model_validate(fields | changes)


def candidate(body_text: str = BODY, title: str | None = TITLE, **changes: Any) -> StoryCandidate:
    """What asks the stage `cluster` to place `article(body_text, title)`."""
    source_id = changes.pop("source_id", "gazette")
    of = article(body_text, title, source=Source(id=source_id))
    fields: dict[str, Any] = {
        "document_id": of.document_id,
        "article_id": of.article_id,
        "language": of.language,
        "source_id": source_id,
        "title": title,
        "first_seen_at": of.first_seen_at,
        "vectors": vectorize(title, body_text),
    }
    return StoryCandidate.model_validate(fields | changes)


def record_of(topic: Topic, value: Event, *, partition: int = 0, offset: int = 0, headers: Headers = ()) -> Record:
    """`value` as read from `topic`."""
    return Record(topic.name, partition, offset, topic.key(value).encode(), encode(value), headers)
