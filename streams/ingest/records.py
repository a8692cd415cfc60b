"""JSON records into raw documents.

A record with `content` and an object `source` is a RawDocument already; what it lacks of
`document_id`, `first_seen_at` and `media_type` is filled in. Any other object is an
article in loose form, taken by these names (the first present and not empty wins):

    text        text, body, content, html (media type text/html), body_text
    source      source or source_id: a text, or an object with `id`; else `--source`, else "local"
    id          id, guid: the source's own id; else the text itself identifies the document
    claims      title | headline; byline | author | authors; published_at | published | date;
                language | lang; url | link
    first seen  first_seen_at | fetched_at, ISO 8601 or Unix time, UTC when no offset is given

Claims go on as they are, cut to the contract's length; a list of authors is joined.
"""

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter, ValidationError

from schemas import RawDocument, Source
from streams.ids import document_id
from streams.ingest.media import media_type_of, sniffed
from streams.ingest.options import IngestOptions, UnfitError

__all__ = ["file_document", "raw_document"]

DEFAULT_SOURCE = "local"

_TEXTS = ("text", "body", "content", "html", "body_text")
_CLAIMS = {
    "title": (("title", "headline"), 4096),
    "byline": (("byline", "author", "authors"), 4096),
    "published_at": (("published_at", "published", "date"), 128),
    "language": (("language", "lang"), 35),
    "url": (("url", "link"), 8192),
}
_TIME = TypeAdapter(datetime)


def raw_document(record: Mapping[str, Any], seen_at: datetime, options: IngestOptions) -> RawDocument:
    """The document in `record`; UnfitError when there is none."""
    full = isinstance(record.get("source"), Mapping) and isinstance(record.get("content"), str)
    try:
        document = _full(record, seen_at, options) if full else _loose(record, seen_at, options)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        raise UnfitError("bad_record", f"{'.'.join(map(str, first['loc']))}: {first['msg']}"[:300]) from error
    _check_size(len(document.payload()), options)
    return document


def file_document(name: str, data: bytes, seen_at: datetime, options: IngestOptions) -> RawDocument:
    """The document that a single file is; its content identifies it, or its name where `options` say so."""
    _check_size(len(data), options)
    text = _utf8(data)
    source = options.source or DEFAULT_SOURCE
    filename = name.encode("utf-8", "replace").decode()[:1024] or None
    try:
        return RawDocument(
            document_id=document_id(source, data if options.named_in is None else f"{options.named_in}\0{name}"),
            source=Source(id=source),
            media_type=options.media_type or media_type_of(name, data),
            content=base64.b64encode(data).decode() if text is None else text,
            content_encoding="base64" if text is None else "text",
            first_seen_at=_overridden(seen_at, seen_at, options),
            filename=filename,
        )
    except ValidationError as error:
        raise UnfitError("bad_record", error.errors(include_url=False)[0]["msg"]) from error


def _full(record: Mapping[str, Any], seen_at: datetime, options: IngestOptions) -> RawDocument:
    fields = dict(record)
    source, content = Source.model_validate(record["source"]), record["content"]
    encoded = record.get("content_encoding") == "base64"
    if not fields.get("document_id"):
        fields["document_id"] = document_id(source.id, _decoded(content) if encoded else content)
    if not fields.get("media_type"):
        fields["media_type"] = sniffed(_decoded(content) if encoded else content.encode())
    fields["media_type"] = options.media_type or fields["media_type"]
    fields["first_seen_at"] = _overridden(_time_of(record) or seen_at, seen_at, options)
    return RawDocument.model_validate(fields)


def _loose(record: Mapping[str, Any], seen_at: datetime, options: IngestOptions) -> RawDocument:
    field = next((name for name in _TEXTS if isinstance(record.get(name), str) and record[name].strip()), None)
    if field is None:
        raise UnfitError("bad_record", f"no text in any of {', '.join(_TEXTS)}")
    content: str = record[field]
    source = _source(record, options)
    natural = next((str(record[name]) for name in ("id", "guid") if record.get(name) not in (None, "")), content)
    stated = record.get("media_type") if isinstance(record.get("media_type"), str) else None
    guessed = "text/html" if field == "html" else sniffed(content.encode("utf-8", "replace"))
    return RawDocument(
        document_id=document_id(source.id, natural),
        source=source,
        media_type=options.media_type or stated or guessed,
        content=content,
        first_seen_at=_overridden(_time_of(record) or seen_at, seen_at, options),
        fetched_at=_time(record.get("fetched_at")),
        **{claim: _claim(record, names, limit) for claim, (names, limit) in _CLAIMS.items()},
    )


def _source(record: Mapping[str, Any], options: IngestOptions) -> Source:
    stated = record.get("source") or record.get("source_id")
    if isinstance(stated, Mapping):
        return Source.model_validate(stated)
    return Source(id=str(stated or options.source or DEFAULT_SOURCE))


def _claim(record: Mapping[str, Any], names: tuple[str, ...], limit: int) -> str | None:
    texts = (_text(record.get(name)) for name in names)
    return next((text[:limit] for text in texts if text), None)


def _text(value: Any) -> str:
    """A claim as text: people come as a text, an object with `name`, or a list of these."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Mapping):
        return _text(value.get("name"))
    if isinstance(value, list):
        return ", ".join(filter(None, map(_text, value)))
    return "" if value is None or isinstance(value, bool) else str(value)


def _time_of(record: Mapping[str, Any]) -> datetime | None:
    return _time(record.get("first_seen_at")) or _time(record.get("fetched_at"))


def _time(stated: Any) -> datetime | None:
    if stated is None or stated == "":
        return None
    time = _TIME.validate_python(stated)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _overridden(time: datetime, mtime: datetime, options: IngestOptions) -> datetime:
    if options.first_seen is None:
        return time
    return mtime if isinstance(options.first_seen, str) else options.first_seen


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except ValueError as error:
        raise UnfitError("bad_record", f"content is not base64: {error}") from error


def _utf8(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _check_size(size: int, options: IngestOptions) -> None:
    if size == 0:
        raise UnfitError("empty")
    if size > options.max_document_bytes:
        raise UnfitError("too_large", f"more than {options.max_document_bytes} bytes")
