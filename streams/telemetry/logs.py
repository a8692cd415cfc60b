"""Logs as JSON, one object a line, with the ids of what is told about; never with text of an article."""

import json
import logging
from datetime import UTC, datetime
from typing import Final

from streams.codec import Record, header
from streams.traceparent import context_of

__all__ = ["IDS", "JsonFormatter", "ids_of"]

IDS: Final = ("stage", "reason", "topic", "partition", "offset", "document_id", "article_id", "trace_id", "source_id")
"""Fields that a line has where they are known; a caller gives them as `extra`."""


class JsonFormatter(logging.Formatter):
    """`time` (RFC 3339, UTC), `level`, `logger`, `message`, such `IDS` as are known, `exception` with its traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name in IDS if (value := getattr(record, name, None)) is not None}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def ids_of(record: Record) -> dict[str, object]:
    """What names a record of a topic, as the `extra` of a log call."""
    context, subject = context_of(record), header(record.headers, "ce_subject") or ""
    return {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "document_id": header(record.headers, "ce_documentid"),
        "article_id": subject if subject.startswith("art_") else None,
        "trace_id": None if context is None else context.trace_id,
    }
