"""What a stage may answer: a closed union, matched in one place (`streams.runner`)."""

from dataclasses import dataclass
from typing import Literal

from schemas import Event

__all__ = ["Dead", "DeadReason", "Drop", "DropReason", "Ok", "Outcome", "Tombstone"]

DropReason = Literal[
    "redelivered",  # this very raw record was handled before; its outputs are in the log
    "repushed",  # a new push of a document whose content is already known
]

DeadReason = Literal[
    "null_value",
    "too_large",
    "bad_json",
    "bad_schema",
    "wrong_key",
    "undecodable",  # no charset fits, or the bytes are no text at all
    "unsupported_media_type",
    "empty_body",  # nothing is left once the boilerplate is gone
    "deadline",  # the work was killed when its time was up
    "memory",  # the work ran into its memory limit
    "stage_error",  # a bug of ours: the record is kept and the rest goes on
]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """Forget `key` in the table topic whose model is `model`."""

    model: type[Event]
    key: str


@dataclass(frozen=True, slots=True)
class Ok:
    """Outputs in order; the edge routes each to the topic that carries its type."""

    values: tuple[Event | Tombstone, ...]


@dataclass(frozen=True, slots=True)
class Drop:
    """Nothing to do, for a reason that is counted."""

    reason: DropReason


@dataclass(frozen=True, slots=True)
class Dead:
    """The input cannot be processed; its original bytes go to the dead-letter topic.

    `exception` and `trace` are for a stage that raised: the class, and where it came from.
    """

    reason: DeadReason
    detail: str = ""
    exception: str | None = None
    trace: str | None = None


Outcome = Ok | Drop | Dead
