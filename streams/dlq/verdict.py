"""What is to be done with a dead letter, and what is written down about it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas import Disposition
from streams.codec import Message, encode
from streams.deadletter import redriven
from streams.dlq.selection import Letter
from streams.edge.reader import partition_for
from streams.topics import DISPOSITION

__all__ = ["Decree", "Sending", "discarded", "disposition_message", "intended", "noted", "placed", "sending"]


@dataclass(frozen=True, slots=True)
class Decree:
    """Who decides, why, and when."""

    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Sending:
    """A letter's way back: the record, and the partition it came from."""

    letter: Letter
    message: Message
    partition: int


def sending(letter: Letter, partitions: int, max_cycles: int) -> Sending | None:
    """How to send `letter` to its source topic again; None when that was done `max_cycles` times already.

    It goes to the partition it came from, where other versions of its document are; if the topic has
    no such partition, to that of its key.
    """
    if letter.view.redrive_count >= max_cycles:
        return None
    message = redriven(letter.record, letter.topic)
    came = letter.view.partition
    at = came if came < partitions else partition_for(letter.record.key or b"", partitions)
    return Sending(letter, message, at)


def intended(way: Sending, decree: Decree, tails: Sequence[int]) -> Disposition:
    """The note before a redrive; `tails` are the ends of the source topic's partitions before any of it."""
    changes = {"sent_partition": way.partition, "sent_from": tails[way.partition]}
    return _note(way.letter, "redriving", decree, redrive_count=way.letter.view.redrive_count + 1, **changes)


def placed(intent: Disposition, partition: int, offset: int) -> Disposition:
    """The note after it: there the record stands now."""
    return intent.model_copy(update={"state": "redriven", "sent_partition": partition, "sent_offset": offset})


def noted(letter: Letter, decree: Decree, partition: int, offset: int) -> Disposition:
    """The note for a further letter of a record that was sent to that place."""
    count = letter.view.redrive_count + 1
    return _note(letter, "redriven", decree, redrive_count=count, sent_partition=partition, sent_offset=offset)


def discarded(letter: Letter, decree: Decree) -> Disposition:
    """The note that a letter is given up."""
    return _note(letter, "discarded", decree, redrive_count=letter.view.redrive_count)


def _note(
    letter: Letter, state: Literal["redriving", "redriven", "discarded"], decree: Decree, **counts: int
) -> Disposition:
    return Disposition(
        letter_id=letter.id,
        state=state,
        at=decree.at,
        by=decree.by,
        why=decree.why,
        stage=letter.view.stage,
        reason=letter.view.reason,
        document_id=letter.document_id,
        record_id=letter.record_id,
        **counts,
    )


def disposition_message(disposition: Disposition) -> Message:
    """The record of `disposition` in its topic."""
    headers = {
        "ce_specversion": "1.0",
        "ce_id": f"{disposition.letter_id}:{disposition.state}:{disposition.at.isoformat()}",
        "ce_type": DISPOSITION.name,
        "ce_source": "/tools/dlq",
        "ce_subject": disposition.letter_id,
        "ce_time": disposition.at.isoformat(),
        "ce_dataschema": DISPOSITION.dataschema,
        "ce_partitionkey": disposition.letter_id,
        "content-type": "application/json",
    }
    packed = tuple((name, text.encode()) for name, text in headers.items())
    return Message(DISPOSITION.name, disposition.letter_id.encode(), encode(disposition), packed)
