"""Which dead letters are meant. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas import DeadLetter, Disposition
from streams.codec import Record, header
from streams.deadletter import document_of, letter_id, read_dead_letter
from streams.topology import TOPOLOGY, Stage

__all__ = ["Letter", "Selection", "letter_of", "source_of"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SOURCES = "/sources/"
_LATEST_MS = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter: the record (its topic named without the lane), the view of it, what was done about it."""

    record: Record
    view: DeadLetter
    disposition: Disposition | None = None

    @property
    def id(self) -> str:
        """Where it stands: `topic:partition:offset`."""
        return letter_id(self.record)

    @property
    def topic(self) -> str:
        """The topic its record came from, without the lane; headers are not asked, anybody may write them."""
        return self.record.topic.removesuffix(".dlq")

    @property
    def record_id(self) -> str:
        """Where its record stood: `topic:partition:offset`. After a kill there may be two letters of a record."""
        return f"{self.topic}:{self.view.partition}:{self.view.offset}"

    @property
    def at(self) -> datetime:
        """Time of the record that was parked: the letter has its timestamp."""
        return _EPOCH + timedelta(milliseconds=min(max(self.record.timestamp_ms, 0), _LATEST_MS))

    @property
    def document_id(self) -> str:
        """Of the document behind it."""
        return document_of(self.record)

    @property
    def state(self) -> str:
        """`open`, `redriving` after a redrive that was killed, `redriven` or `discarded`."""
        return self.disposition.state if self.disposition else "open"

    @property
    def is_open(self) -> bool:
        """Whether somebody has yet to decide about it; an interrupted redrive has decided nothing."""
        return self.state in ("open", "redriving")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which letters; every field that is given must fit, and of several values one.

    `since` and `until` (exclusive) bound the time of the record, `offsets` (first, last) those of
    the letter. `source` is the id of the document's source, `document` the document's id.
    """

    stages: frozenset[str] = frozenset()
    reasons: frozenset[str] = frozenset()
    source: str | None = None
    document: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    partition: int | None = None
    offsets: tuple[int, int] | None = None
    with_settled: bool = False

    def topics(self, flow: Sequence[Stage] = TOPOLOGY) -> tuple[str, ...]:
        """Dead-letter topics in which there may be one."""
        return tuple(stage.reads.dead_letters for stage in flow if not self.stages or stage.name in self.stages)

    def takes(self, letter: Letter) -> bool:
        """Whether `letter` is one of them."""
        view, record = letter.view, letter.record
        return (
            (self.with_settled or letter.is_open)
            and (not self.reasons or view.reason in self.reasons)
            and (self.since is None or letter.at >= self.since)
            and (self.until is None or letter.at < self.until)
            and (self.partition is None or record.partition == self.partition)
            and (self.offsets is None or self.offsets[0] <= record.offset <= self.offsets[1])
            and (self.document is None or letter.document_id == self.document)
            and (self.source is None or source_of(record) == self.source)
        )


def letter_of(record: Record, disposition: Disposition | None = None) -> Letter:
    """`record`, read from a dead-letter topic, as a letter."""
    return Letter(record, read_dead_letter(record), disposition)


def source_of(record: Record) -> str | None:
    """Id of the source of the document in a record, as far as its headers or its value tell."""
    stated = header(record.headers, "ce_source") or ""
    if stated.startswith(_SOURCES):
        return stated.removeprefix(_SOURCES)
    try:
        value: Any = orjson.loads(record.value or b"")
    except orjson.JSONDecodeError:
        return None
    if not isinstance(value, dict):
        return None
    source = value.get("source_id") or value.get("source")
    found = source.get("id") if isinstance(source, dict) else source
    return found if isinstance(found, str) else None
