"""For programs of your own: articles in, news out."""

from streams.ingest.options import Refused, UnfitError
from streams.ingest.sender import Ack
from streams.sdk.producer import Producer, Sendable

__all__ = ["Ack", "Producer", "Refused", "Sendable", "UnfitError"]
