"""An article as four sparse unit vectors: whole text, title, title with lead, names and numbers.

BM25 term weights (k1 1.2, b 0.5) times the IDF of a fixed snapshot; the title counts three
times and the lead twice. Constants are those of the measured prototype.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from schemas import SparseVector, StoryVectors
from streams.text.idf import Idf, snapshot
from streams.text.sparse import pack, unit
from streams.text.terms import name_terms, term_id, words

__all__ = ["FieldTerms", "field_terms", "vectorize"]

TITLE_WEIGHT = 3.0
LEAD_WEIGHT = 2.0
LEAD_WORDS = 70
BODY_WORDS = 350
BODY_CHARS = 8000
"""More than `LEAD_WORDS + BODY_WORDS` words ever take; bounds the work on odd texts."""

FIRST_SENTENCE_CHARS = 300
K1 = 1.2
B = 0.5
TOP_ALL = 120
TOP_TITLE = 40
TOP_LEAD = 60
TOP_NAMES = 50

_SENTENCE_END = re.compile(r"(?<=[^\W\d_]{2}[.!?])[\"”’']?\s|\n")


@dataclass(frozen=True, slots=True)
class FieldTerms:
    """Term counts of the four fields, `text` weighted by place."""

    text: Mapping[int, float]
    title: Mapping[int, float]
    lead: Mapping[int, float]
    names: Mapping[int, float]


def vectorize(title: str | None, body_text: str) -> StoryVectors:
    """Vectors of one article; the same text and snapshot give the same bytes."""
    idf = snapshot()
    terms = field_terms(title, body_text)
    average = idf.average_length
    return StoryVectors(
        idf_version=idf.version,
        all=_vector(terms.text, idf.words, top=TOP_ALL, relative_length=sum(terms.text.values()) / average),
        title=_vector(terms.title, idf.words, top=TOP_TITLE),
        lead=_vector(terms.lead, idf.words, top=TOP_LEAD),
        ent=_vector(terms.names, idf.names, top=TOP_NAMES),
    )


def field_terms(title: str | None, body_text: str) -> FieldTerms:
    """Counts of terms by field.

    An article without a headline is compared by its first sentence, which says the same at
    more length; it gets no headline weight in the whole text.
    """
    body = body_text[:BODY_CHARS]
    stream = words(body)
    lead = _terms(islice(stream, LEAD_WORDS))
    rest = _terms(islice(stream, BODY_WORDS))
    head = _terms(words(title or ""))
    opening = head or _terms(words(_SENTENCE_END.split(body[:FIRST_SENTENCE_CHARS], maxsplit=1)[0]))
    text = _count((head, TITLE_WEIGHT), (lead, LEAD_WEIGHT), (rest, 1.0))
    both = _count((head, 1.0), (lead, 1.0))
    return FieldTerms(text, _count((opening, 1.0)), both, name_terms(title or "", body))


def _terms(found: Iterable[str]) -> list[int]:
    return [term for word in found if (term := term_id(word)) is not None]


def _count(*parts: tuple[list[int], float]) -> dict[int, float]:
    counts: dict[int, float] = {}
    for terms, weight in parts:
        for term, count in Counter(terms).items():
            counts[term] = counts.get(term, 0.0) + weight * count
    return counts


def _vector(counts: Mapping[int, float], idf: Idf, *, top: int, relative_length: float = 1.0) -> SparseVector:
    ids = np.fromiter(counts, "<u4", len(counts))
    found = np.fromiter(counts.values(), np.float64, len(counts))
    rarity = np.fromiter(map(idf, counts), np.float64, len(counts))
    weights = found * (K1 + 1) / (found + K1 * (1 - B + B * relative_length)) * rarity
    return pack(*unit(ids, weights, top=top))
