"""What a record changes in the read model: a pure function of the record alone."""

import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log2
from typing import Any

import orjson

from schemas import DuplicateRecord, EnrichedArticle, Story, StoryEvent
from streams.codec import Record, decode, header
from streams.deadletter import document_of, read_dead_letter
from streams.outcome import Dead
from streams.readmodel.followed import LETTERS, MODELS
from streams.readmodel.times import micros
from streams.state.protocols import Origin
from streams.text.urls import canonical

__all__ = ["Change", "Drop", "Put", "changes"]

_HOT_MICROS = 6 * 3600 * 1_000_000
_SUMMARY = 280
_DETAIL = 500
_LEVEL = 1

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Put:
    """Add a row, or replace an older one of its key; the rows of `parts` go with it, in place of the old ones."""

    table: str
    row: Row
    parts: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drop:
    """Remove the rows of `table` with these values, and their parts."""

    table: str
    key: Row


Change = Put | Drop


def changes(short: str, record: Record) -> list[Change]:
    """Changes that `record` of the followed topic `short` makes, in order; one that cannot be read leaves its trace."""
    if short in LETTERS:
        return [_letter(short, record)]
    make = _MAKE.get(short)
    if make is None:
        return [_trace(short, record, **_TRACED[short](record))]
    if record.value is None:
        key = (record.key or b"").decode("utf-8", "replace")
        return [Drop("story", {"story_id": key})] if short == "story" else []
    value = decode(MODELS[short], record)
    if isinstance(value, Dead):
        return [_trace(short, record, what="unreadable", detail=f"{value.reason}: {value.detail}"[:_DETAIL])]
    return make(record, value)


def _trace(short: str, record: Record, *, what: str, **more: Any) -> Put:
    row = {
        **_place(record),
        "topic": short,
        "at": record.timestamp_ms * 1000,
        "document_id": header(record.headers, "ce_documentid"),
        "article_id": None,
        "story_id": None,
        "origin": header(record.headers, "ce_origin"),
        "what": what,
        "detail": None,
        "url": None,
    }
    return Put("record", row | more)


def _place(record: Record) -> dict[str, int]:
    return {"partition": record.partition, "offset": record.offset}


def _letter(short: str, record: Record) -> Put:
    letter = read_dead_letter(record)
    found = {
        "document_id": document_of(record),
        "article_id": _subject(record) if short != "raw.dlq" else None,
        # A raw record has no origin: it is one.
        "origin": header(record.headers, "ce_origin") or str(Origin(letter.partition, letter.offset)),
        "detail": letter.detail[:_DETAIL] or None,
    }
    url = _fields(record).get("url") if short == "raw.dlq" else None
    return _trace(short, record, what=letter.reason, url=_canonical(url), **found)


def _raw(record: Record) -> dict[str, Any]:
    fields = _fields(record)
    return {
        "what": "arrived",
        "document_id": document_of(record),
        "origin": str(Origin(record.partition, record.offset)),
        "detail": _of_source(fields),
        "url": _canonical(fields.get("url")),
    }


def _article(record: Record) -> dict[str, Any]:
    fields = _fields(record)
    return {
        "what": f"revision {fields.get('revision', 1)}",
        "article_id": _subject(record),
        "url": _canonical(fields.get("canonical_url")),
    }


def _candidate(record: Record) -> dict[str, Any]:
    return {"what": f"revision {_fields(record).get('revision', 1)}", "article_id": _subject(record)}


def _fields(record: Record) -> Mapping[str, Any]:
    """The record's JSON object, leniently: what reads it must not fail where its stage parks."""
    try:
        found = orjson.loads(record.value or b"{}")
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _of_source(fields: Mapping[str, Any]) -> str | None:
    source = fields.get("source")
    name = source.get("id") if isinstance(source, dict) else None
    return f"from {name}"[:_DETAIL] if isinstance(name, str) else None


def _subject(record: Record) -> str | None:
    return header(record.headers, "ce_subject")


def _canonical(url: Any) -> str | None:
    return canonical(url) if isinstance(url, str) else None


def _enriched(record: Record, value: EnrichedArticle) -> list[Change]:
    article, layers = value.article, value.layers
    entities = layers.entities.entities if layers.entities else ()
    row = {
        **_place(record),
        "article_id": value.article_id,
        "revision": value.revision,
        "document_id": value.document_id,
        "url": article.url,
        "canonical_url": article.canonical_url,
        "title": article.title,
        "summary": _begins(article.summary or article.body_text),
        "source_id": article.source.id,
        "source_name": article.source.name,
        "outlet": article.outlet,
        "language": article.language,
        "first_seen_at": micros(value.first_seen_at),
        "published_at": micros(article.published_at) if article.published_at else None,
        "word_count": article.word_count,
        "data": _packed(value),
    }
    text = {"article_id": value.article_id, "title": article.title or "", "body": article.body_text}
    named = {
        entity.entity_id: {
            "article_id": value.article_id,
            "entity_id": entity.entity_id,
            "type": entity.type,
            "name": entity.name,
            "first_seen_at": row["first_seen_at"],
        }
        for entity in entities
    }
    detail = f"{len(entities)} entities, {article.word_count} words"
    return [
        _trace(
            "enriched", record, what=f"revision {value.revision}", article_id=value.article_id, detail=detail,
            url=article.canonical_url,
        ),
        Put("article", row, {"article_text": (text,), "article_entity": tuple(named.values())}),
    ]  # fmt: skip


def _packed(value: EnrichedArticle) -> bytes:
    """What a list does not show: the text is in `article_text`, and nobody asks for fingerprints."""
    hidden = {"article": {"fingerprint", "body_text"}}
    return zlib.compress(orjson.dumps(value.model_dump(exclude_none=True, exclude=hidden)), _LEVEL)


def _begins(text: str) -> str:
    """The beginning of a text in one line, cut at a word."""
    line = " ".join(text[: 2 * _SUMMARY].split())
    if len(line) <= _SUMMARY:
        return line
    return line[:_SUMMARY].rpartition(" ")[0] + " …"


def _duplicate(record: Record, value: DuplicateRecord) -> list[Change]:
    row = {
        **_place(record),
        **value.model_dump(
            include={"document_id", "article_id", "duplicate_of", "matched_article_id", "kind"}
        ),
        "similarity": value.similarity,
        "containment": value.containment,
        "source_id": value.article.source.id,
        "title": value.article.title,
        "url": value.article.url,
        "first_seen_at": micros(value.first_seen_at),
    }  # fmt: skip
    why = f"{value.kind} duplicate of {value.duplicate_of}, similarity {value.similarity:.2f}"
    if value.matched_article_id != value.duplicate_of:
        why += f", matched {value.matched_article_id}"
    found = {"article_id": value.article_id, "detail": why, "url": value.article.canonical_url}
    return [_trace("duplicate", record, what=value.kind, **found), Put("duplicate", row)]


def _event(record: Record, value: StoryEvent) -> list[Change]:
    member = value.article
    row = {
        **_place(record),
        **value.model_dump(include={"story_id", "story_version", "kind", "similarity", "merged_into", "merged_from"}),
        "at": micros(value.at),
        "article_id": member.article_id if member else None,
        "title": member.title if member else None,
        "source_id": member.source_id if member else None,
        "first_seen_at": micros(member.first_seen_at) if member else None,
    }
    found = {"article_id": row["article_id"], "story_id": value.story_id, "detail": _said(value)}
    # An event of expiry is about no document, though the record that drove the clock was of one.
    about = {} if member else {"document_id": None}
    return [_trace("event", record, what=value.kind, **(found | about)), Put("story_event", row)]


def _said(value: StoryEvent) -> str:
    parts = [f"version {value.story_version}"]
    if value.similarity is not None:
        parts.append(f"similarity {value.similarity:.2f}")
    if value.merged_into:
        parts.append(f"merged into {value.merged_into}")
    if value.merged_from:
        parts.append(f"took in {value.merged_from}")
    return ", ".join(parts)


def _story(record: Record, value: Story) -> list[Change]:
    members = [member.model_dump(mode="json", exclude_none=True) for member in value.articles]
    copied = {
        "story_id", "version", "status", "title", "language", "representative_article_id", "article_count",
        "source_count", "merged_into",
    }  # fmt: skip
    row = {
        **_place(record),
        **value.model_dump(include=copied),
        "first_seen_at": micros(value.first_seen_at),
        "last_seen_at": micros(value.last_seen_at),
        "hot": hotness(value.article_count, micros(value.last_seen_at)),
        "members": orjson.dumps(members).decode(),
    }
    entities = {
        entity.entity_id: {"story_id": value.story_id, "place": place, **entity.model_dump()}
        for place, entity in enumerate(value.entities)
    }
    names = " \n".join(entity.name for entity in value.entities)
    parts: dict[str, tuple[Row, ...]] = {
        "story_text": ({"story_id": value.story_id, "title": value.title or "", "body": names},),
        "story_alias": tuple({"story_id": value.story_id, "alias": each} for each in dict.fromkeys(value.aliases)),
        "story_entity": tuple(entities.values()),
    }
    return [Put("story", row, parts)]


def hotness(articles: int, last_seen: int) -> float:
    """Rank of a story that needs no clock: a doubling of its articles is worth six hours of age.

    The logarithm of size plus the age in half-lives, as in Reddit's "hot" order (there a
    factor of ten is worth 12.5 hours).
    """
    return log2(max(articles, 1)) + last_seen / _HOT_MICROS


_MAKE: dict[str, Callable[[Record, Any], list[Change]]] = {
    "enriched": _enriched,
    "duplicate": _duplicate,
    "event": _event,
    "story": _story,
}
_TRACED: dict[str, Callable[[Record], dict[str, Any]]] = {
    "raw": _raw,
    "normalized": _article,
    "unique": _article,
    "candidate": _candidate,
}
