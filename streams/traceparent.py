"""W3C Trace Context in record headers: one trace from a push to the story events it leads to. Pure.

Ids are hashes of what is done, not random: a batch that comes again writes the same bytes, and the same span.
A record without the header leads to records without it.
"""

import re
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Final

from streams.codec import Headers, Message, Record, header, origin_of

__all__ = ["TRACEPARENT", "Context", "context_of", "in_trace", "parse", "pushed", "stage_context", "traced"]

TRACEPARENT: Final = "traceparent"

# Of a later version we read what version 0 has; `ff` is none.
_FORM = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1
_HALF = 1 << 64


@dataclass(frozen=True, slots=True)
class Context:
    """A span of a trace, in lower-case hex; `sampled` says whether it is to be recorded."""

    trace_id: str
    span_id: str
    sampled: bool

    def __str__(self) -> str:
        """The value of the header."""
        return f"00-{self.trace_id}-{self.span_id}-{int(self.sampled):02x}"

    def child(self, *named: str) -> "Context":
        """The span below this one that goes by these names."""
        return Context(self.trace_id, _hash(8, self.trace_id, self.span_id, *named), self.sampled)


def _hash(size: int, *parts: str) -> str:
    return blake2b("\0".join(parts).encode(), digest_size=size).hexdigest()


def parse(text: str | None) -> Context | None:
    """The context in a header's value; None for one that is absent or malformed, as the standard has it."""
    found = _FORM.fullmatch(text or "")
    if found is None:
        return None
    version, trace_id, span_id, flags, more = found.groups()
    if not int(trace_id, 16) or not int(span_id, 16) or (version == "00" and more):
        return None
    return Context(trace_id, span_id, bool(int(flags, 16) & _SAMPLED))


def pushed(ce_id: str, caller: Context | None, ratio: float) -> Context | None:
    """The span of pushing the raw record `ce_id`: below the caller's, else the root of a trace of its own.

    `ratio` is the share of records that get one; which they are depends on `ce_id` alone.
    """
    if caller is not None:
        return caller.child("push", ce_id)
    trace_id = _hash(16, "trace", ce_id) if ratio else ""
    if not ratio or int(trace_id[16:], 16) >= ratio * _HALF:
        return None
    return Context(trace_id, _hash(8, "push", ce_id), sampled=True)


def in_trace(message: Message, context: Context) -> Message:
    """`message` as written by the span `context`."""
    return replace(message, headers=(*message.headers, (TRACEPARENT, str(context).encode())))


def context_of(record: Record) -> Context | None:
    """The span that wrote `record`."""
    return parse(header(record.headers, TRACEPARENT))


def stage_context(stage: str, record: Record, above: Context) -> Context:
    """The span of `stage` over `record`, which the span `above` wrote.

    It is the same for each copy of a record and for each redelivery; a replay's is another one.
    """
    return above.child(stage, str(origin_of(record)), header(record.headers, "ce_replay") or "")


def traced(stage: str, record: Record) -> Headers:
    """The header for what `stage` makes of `record`; empty when that is in no trace."""
    above = context_of(record)
    return () if above is None else ((TRACEPARENT, str(stage_context(stage, record, above)).encode()),)
