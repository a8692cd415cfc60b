"""Stub to be replaced."""

from schemas import Article
from streams.outcome import Dead, Outcome


def enrich(article: Article) -> Outcome:
    return Dead("empty_body")
