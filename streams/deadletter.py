"""Dead letters: the original record, untouched, with the reason added in headers.

Header names follow Kafka Connect's `__connect.errors.*`, so that its tools read them.
"""

import base64

from schemas import DeadLetter
from streams.codec import Headers, Message, Record, header
from streams.outcome import Dead
from streams.topics import Topic

__all__ = ["ERROR_HEADERS", "dead_letter", "document_of", "original_headers", "read_dead_letter"]

_PREFIX = "__connect.errors."
_INT32, _INT64 = 2**31 - 1, 2**63 - 1

ERROR_HEADERS = (_PREFIX, "x-news-")


def dead_letter(source: Topic, stage: str, record: Record, dead: Dead) -> Message:
    """The message that parks `record` in `source.dead_letters`; its timestamp stays the original one."""
    errors = {
        "topic": source.name,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "stage": stage,
        "exception.message": dead.detail,
    }
    added = [(_PREFIX + name, text.encode("utf-8", "replace")) for name, text in errors.items()]
    added.append(("x-news-error-code", dead.reason.encode()))
    kept = original_headers(record.headers, keep_counters=True)
    return Message(source.dead_letters, record.key, record.value, (*kept, *added), record.timestamp_ms)


def original_headers(headers: Headers, *, keep_counters: bool = False) -> Headers:
    """Headers without those an earlier dead-lettering added; `keep_counters` leaves `x-news-redrive-count`."""
    return tuple(
        (name, value)
        for name, value in headers
        if not name.startswith(ERROR_HEADERS) or (keep_counters and name == "x-news-redrive-count")
    )


def document_of(record: Record) -> str:
    """Id of the document behind a record, parked or not; without header and key, the place it had when it came."""
    known = header(record.headers, "ce_documentid")
    if known is not None:
        return known
    if record.key is not None:
        return record.key.decode("utf-8", "replace")
    came = [header(record.headers, _PREFIX + name) for name in ("partition", "offset")]
    return f"{came[0] or record.partition}:{came[1] or record.offset}"


def read_dead_letter(record: Record) -> DeadLetter:
    """A dead-letter record as a model; fields that its headers lack, or hold garbage, are guessed from its place."""
    text = {name: value.decode("utf-8", "replace") for name, value in record.headers}
    encoded = [None if part is None else base64.b64encode(part).decode() for part in (record.key, record.value)]
    return DeadLetter(
        topic=text.get(_PREFIX + "topic", record.topic.removesuffix(".dlq")),
        partition=_count(text.get(_PREFIX + "partition"), record.partition),
        offset=_count(text.get(_PREFIX + "offset"), record.offset, _INT64),
        stage=text.get(_PREFIX + "stage", "unknown"),
        reason=text.get("x-news-error-code", "unknown"),
        detail=text.get(_PREFIX + "exception.message", ""),
        redrive_count=_count(text.get("x-news-redrive-count"), 0),
        document_id=header(record.headers, "ce_documentid"),
        key=encoded[0],
        value=encoded[1],
        headers=tuple((n, base64.b64encode(v).decode()) for n, v in original_headers(record.headers)),
    )


def _count(text: str | None, otherwise: int, most: int = _INT32) -> int:
    if not text or not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        return otherwise
    return number if (number := int(text)) <= most else otherwise
