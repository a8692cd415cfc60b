"""Bytes on the wire, models in the code: JSON values, CloudEvents 1.0 binary-mode headers."""

from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from schemas import Event, RawDocument
from streams.ids import content_id
from streams.outcome import Dead, DeadReason
from streams.state.protocols import Origin
from streams.topics import RAW, Topic

__all__ = ["MAX_RECORD_BYTES", "Headers", "Message", "Record", "decode", "encode", "header", "origin_of", "raw_message"]

Headers = tuple[tuple[str, bytes], ...]

MAX_RECORD_BYTES = 8 * 1024 * 1024
"""The largest value a topic takes; the producer refuses a larger raw document."""

_JSON = orjson.OPT_UTC_Z | orjson.OPT_SORT_KEYS


@dataclass(frozen=True, slots=True)
class Record:
    """A record as read from a topic."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0


@dataclass(frozen=True, slots=True)
class Message:
    """A record to be written; `topic` is the name without any lane prefix."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int | None = None


def header(headers: Headers, name: str) -> str | None:
    """First value of header `name`, None when absent; undecodable bytes are replaced."""
    return next((value.decode("utf-8", "replace") for key, value in headers if key == name), None)


def encode(value: Event) -> bytes:
    """Canonical UTF-8 JSON: sorted keys, absent instead of null, UTC as `Z`."""
    return orjson.dumps(value.model_dump(exclude_none=True), option=_JSON)


def decode(topic: Topic, record: Record) -> Event | Dead:
    """The model of `topic` in `record`, or why there is none."""
    if record.value is None:
        return Dead("null_value")
    if len(record.value) > MAX_RECORD_BYTES:
        return Dead("too_large", f"{len(record.value)} bytes")
    try:
        value = topic.model.model_validate_json(record.value)
    except ValidationError as error:
        return _invalid(error)
    if record.key != topic.key(value).encode():
        return Dead("wrong_key", f"key {record.key!r:.100} is not that of the value")
    return value


def _invalid(error: ValidationError) -> Dead:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    where = ".".join(map(str, first["loc"]))
    reason: DeadReason = "bad_json" if first["type"] == "json_invalid" else "bad_schema"
    return Dead(reason, f"{where}: {first['msg']}"[:500] if where else first["msg"][:500])


def origin_of(record: Record) -> Origin:
    """Where the document behind `record` stands in the raw topic."""
    text = header(record.headers, "ce_origin")
    try:
        return Origin.parse(text) if text else Origin(record.partition, record.offset)
    except ValueError:
        return Origin(record.partition, record.offset)


def raw_message(document: RawDocument) -> Message:
    """What a producer sends for `document`; the same document gives the same bytes."""
    key = RAW.key(document)
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{key}:{content_id(document.content)}",
        "ce_type": RAW.name,
        "ce_source": f"/sources/{document.source.id}",
        "ce_subject": key,
        "ce_time": document.first_seen_at.isoformat(),
        "ce_dataschema": RAW.dataschema,
        "ce_partitionkey": key,
        "ce_documentid": document.document_id,
        "content-type": "application/json",
    }
    packed = tuple((name, text.encode()) for name, text in headers.items())
    return Message(RAW.name, key.encode(), encode(document), packed)
