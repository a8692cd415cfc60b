"""Candidates of stories made of term ids: what tests of clustering push."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import numpy as np

from schemas import SparseVector, StoryCandidate, StoryVectors
from streams.ids import article_id, document_id
from streams.text.sparse import pack, unit

START = datetime(2024, 2, 18, tzinfo=UTC)


def vectors(
    text: Mapping[int, float],
    *,
    title: Iterable[int] | None = None,
    lead: Iterable[int] | None = None,
    names: Iterable[int] | None = None,
) -> StoryVectors:
    """Vectors of weighted terms; the other fields default to the terms of the text."""
    fields = [dict.fromkeys(text if terms is None else terms, 1.0) for terms in (title, lead, names)]
    packed = [packed_terms(weights, top=120) for weights in (text, *fields)]
    return StoryVectors(idf_version="test", all=packed[0], title=packed[1], lead=packed[2], ent=packed[3])


def packed_terms(weights: Mapping[int, float], *, top: int) -> SparseVector:
    """A vector of weighted terms."""
    ids, values = np.array([*weights], "<u4"), np.array([*weights.values()], np.float64)
    return pack(*unit(ids, values, top=top))


def candidate(
    number: int,
    terms: Iterable[int],
    *,
    hours: float = 0.0,
    language: str = "en",
    revision: int = 1,
    title: str | None = "Title",
) -> StoryCandidate:
    """Article `number` about `terms`, first seen `hours` after the start."""
    return StoryCandidate(
        document_id=document_id("test", str(number)),
        article_id=article_id(f"https://example.org/{number}", ""),
        revision=revision,
        language=language,
        source_id=f"source-{number % 3}",
        title=None if title is None else f"{title} {number}",
        first_seen_at=START + timedelta(hours=hours),
        vectors=vectors(dict.fromkeys(terms, 1.0)),
    )
