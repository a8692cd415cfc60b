"""Stub to be replaced."""

from schemas import RawDocument
from streams.outcome import Dead, Outcome


def normalize(raw: RawDocument) -> Outcome:
    return Dead("empty_body")
