"""The CloudEvents attributes of a record, as its headers have them (binary mode)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from streams.codec import Headers, header
from streams.traceparent import TRACEPARENT, parse

__all__ = ["Envelope"]

_PREFIX = "ce_"
_NAMED = frozenset({"id", "source", "type", "subject", "time", "dataschema", "documentid", "origin", "replay"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who wrote a record, about what; attributes that a record lacks are None.

    `id` is the same in a record and its repetition after a kill. `time` is when the document was
    first seen. `replay` names the replay job that made the record, None when it is live. `traceparent`
    is the W3C header of the span that wrote it, for a span of yours below that one.
    `extensions` has every other attribute.
    """

    id: str | None = None
    source: str | None = None
    type: str | None = None
    subject: str | None = None
    time: datetime | None = None
    dataschema: str | None = None
    document_id: str | None = None
    origin: str | None = None
    replay: str | None = None
    traceparent: str | None = None
    extensions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, headers: Headers) -> Self:
        """The envelope in `headers`: of two with one name the first counts, undecodable bytes are replaced."""
        found: dict[str, str] = {}
        for name, value in headers:
            if name.startswith(_PREFIX):
                found.setdefault(name[len(_PREFIX) :], value.decode("utf-8", "replace"))
        context = parse(header(headers, TRACEPARENT))
        return cls(
            id=found.get("id"),
            source=found.get("source"),
            type=found.get("type"),
            subject=found.get("subject"),
            time=_instant(found.get("time")),
            dataschema=found.get("dataschema"),
            document_id=found.get("documentid"),
            origin=found.get("origin"),
            replay=found.get("replay"),
            traceparent=None if context is None else str(context),
            extensions={name: text for name, text in found.items() if name not in _NAMED},
        )


def _instant(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
        return found.astimezone(UTC) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
