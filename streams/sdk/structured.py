"""A record as one JSON object: CloudEvents 1.0 in structured mode, as `/v1/stream` sends it."""

import base64
from datetime import UTC, datetime
from typing import Any

import orjson

from streams.codec import Record
from streams.deadletter import read_dead_letter
from streams.query import value_of
from streams.sdk.offered import Offered
from streams.traceparent import context_of

__all__ = ["structured"]

_PREFIX = "ce_"


def structured(what: Offered, record: Record, *, data: bool = True) -> bytes:
    """The event in `record`, without its data when not `data`; one line, whatever the record holds.

    Attributes are those of its headers, `traceparent` is the span that wrote it; `topic`, `partition`,
    `offset` and `recordedtime` say where and when it was recorded. A record that lacks what CloudEvents
    demands gets it from its place. A tombstone has no data; a value that is no JSON is in `data_base64`.
    """
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{record.topic}:{record.partition}:{record.offset}",
        "source": f"/topics/{record.topic}",
        "type": record.topic,
    }
    for name, value in record.headers:
        if name.startswith(_PREFIX):
            event[name[len(_PREFIX) :]] = value.decode("utf-8", "replace")
    if (context := context_of(record)) is not None:
        event["traceparent"] = str(context)
    event |= {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "recordedtime": _instant(record.timestamp_ms),
    }
    return orjson.dumps(event | _data(what, record) if data else event)


def _data(what: Offered, record: Record) -> dict[str, Any]:
    if what.kind == "dead_letter":
        return {
            "datacontenttype": "application/json",
            "data": read_dead_letter(record).model_dump(mode="json", exclude_none=True),
        }
    if record.value is None:
        return {}
    value = value_of(record)
    if isinstance(value, dict):
        return {"datacontenttype": "application/json", "data": value}
    return {"data_base64": base64.b64encode(record.value).decode()}


def _instant(timestamp_ms: int) -> str:
    return datetime.fromtimestamp(timestamp_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
