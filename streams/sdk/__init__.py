"""For programs of your own: articles in, news out."""

from streams.ingest.options import Refused, UnfitError
from streams.ingest.sender import Ack
from streams.sdk.cursor import Cursor
from streams.sdk.envelope import Envelope
from streams.sdk.producer import Producer, Sendable
from streams.sdk.received import Received, Unreadable, UnreadableError
from streams.sdk.subscribe import subscribe
from streams.sdk.unique import Deduplicator, unique

__all__ = [
    "Ack",
    "Cursor",
    "Deduplicator",
    "Envelope",
    "Producer",
    "Received",
    "Refused",
    "Sendable",
    "UnfitError",
    "Unreadable",
    "UnreadableError",
    "subscribe",
    "unique",
]
