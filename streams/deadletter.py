"""Dead letters: the original record, untouched, with the reason added in headers; and the way back.

Header names follow Kafka Connect's `__connect.errors.*`, so that its tools read them:
topic, partition, offset, stage, class.name, exception.class.name, exception.message and
exception.stacktrace. Ours are

    x-news-error-code       the reason, of `streams.outcome.DeadReason`
    x-news-attempt          1 for a record that failed for the first time, 2 after one redrive ...
    x-news-first-failed-at  time of the record that failed first, RFC 3339; kept over redrives
    x-news-redrive-count    how often the record was sent again; absent for never
    x-news-redriven-from    on a record that was sent again: which letter it was
    x-news-document         there too: the document's id, when nothing else in the record tells it
"""

import base64
from datetime import UTC, datetime, timedelta

from schemas import DeadLetter
from streams.codec import Headers, Message, Record, header
from streams.outcome import Dead
from streams.topics import Topic

__all__ = [
    "ERROR_HEADERS",
    "REDRIVEN_FROM",
    "dead_letter",
    "document_of",
    "letter_id",
    "original_headers",
    "read_dead_letter",
    "redriven",
]

_PREFIX = "__connect.errors."
_INT32, _INT64 = 2**31 - 1, 2**63 - 1
_ID_CHARACTERS = 128
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ERROR_HEADERS = (_PREFIX, "x-news-")
REDRIVEN_FROM = "x-news-redriven-from"
_COUNT, _FIRST, _DOCUMENT = "x-news-redrive-count", "x-news-first-failed-at", "x-news-document"


def dead_letter(source: Topic, stage: str, record: Record, dead: Dead) -> Message:
    """The message that parks `record` in `source.dead_letters`; its timestamp stays the original one."""
    errors = {
        "topic": source.name,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "stage": stage,
        "class.name": f"newsloom.{stage}",
        "exception.class.name": dead.exception,
        "exception.message": dead.detail,
        "exception.stacktrace": dead.trace,
    }
    added = {_PREFIX + name: text for name, text in errors.items() if text is not None}
    added |= {"x-news-error-code": dead.reason, "x-news-attempt": str(_redrives(record) + 1)}
    if (first := _instant(record.timestamp_ms)) is not None:
        added[_FIRST] = first.isoformat()
    headers = (*original_headers(record.headers), *_packed(added | _history(record)))
    return Message(source.dead_letters, record.key, record.value, headers, record.timestamp_ms)


def redriven(letter: Record, topic: str) -> Message:
    """The message that sends the record parked in `letter` to `topic` again: as it came, with its history.

    The topic of `letter` is named without any lane, as in `letter_id`.
    """
    history = _history(letter) | {_COUNT: str(_redrives(letter) + 1), REDRIVEN_FROM: letter_id(letter)}
    if letter.key is None and header(letter.headers, "ce_documentid") is None:
        history[_DOCUMENT] = document_of(letter)
    headers = (*original_headers(letter.headers), *_packed(history))
    return Message(topic, letter.key, letter.value, headers, letter.timestamp_ms)


def letter_id(letter: Record) -> str:
    """Where a letter stands, which names it for ever: `topic:partition:offset`."""
    return f"{letter.topic}:{letter.partition}:{letter.offset}"


def original_headers(headers: Headers) -> Headers:
    """Headers without those that dead-lettering and redriving added."""
    return tuple((name, value) for name, value in headers if not name.startswith(ERROR_HEADERS))


def _history(record: Record) -> dict[str, str]:
    """What outlives a redrive, as far as it can be believed: anybody may write such headers."""
    found = {name: header(record.headers, name) for name in (_COUNT, _FIRST, _DOCUMENT)}
    return {name: text for name, text in found.items() if text is not None and _sound(name, text)}


def _sound(name: str, text: str) -> bool:
    if name == _FIRST:
        return _time(text) is not None
    return _count(text, -1) >= 0 if name == _COUNT else 0 < len(text) <= _ID_CHARACTERS


def _packed(headers: dict[str, str]) -> Headers:
    return tuple((name, text.encode("utf-8", "replace")) for name, text in headers.items())


def document_of(record: Record) -> str:
    """Id of the document behind a record, parked or not; without header and key, the place it had when it came."""
    known = header(record.headers, "ce_documentid")
    if known is not None:
        return known
    if record.key is not None:
        return record.key.decode("utf-8", "replace")
    came = [header(record.headers, _PREFIX + name) for name in ("partition", "offset")]
    return header(record.headers, _DOCUMENT) or f"{came[0] or record.partition}:{came[1] or record.offset}"


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
        first_failed_at=_time(text.get(_FIRST, "")),
        redrive_count=_redrives(record),
        exception=text.get(_PREFIX + "exception.class.name"),
        trace=text.get(_PREFIX + "exception.stacktrace"),
        document_id=header(record.headers, "ce_documentid"),
        key=encoded[0],
        value=encoded[1],
        headers=tuple((n, base64.b64encode(v).decode()) for n, v in original_headers(record.headers)),
    )


def _redrives(record: Record) -> int:
    return _count(header(record.headers, _COUNT), 0)


def _count(text: str | None, otherwise: int, most: int = _INT32) -> int:
    if not text or not text.isascii() or not text.isdecimal() or len(text) > len(str(most)):
        return otherwise
    return number if (number := int(text)) <= most else otherwise


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _instant(timestamp_ms: int) -> datetime | None:
    try:
        return _EPOCH + timedelta(milliseconds=timestamp_ms) if timestamp_ms >= 0 else None
    except OverflowError:
        return None
