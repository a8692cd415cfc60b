"""The terms that stand for an article: frequent in it, rare elsewhere.

Weights are those of the story vectors' whole text (`streams.text.vectorize`), from the same
IDF snapshot; a term is shown as the word the article uses most for it.
"""

from collections import Counter, defaultdict

from schemas import Keyword, KeywordLayer
from streams.text.idf import snapshot
from streams.text.terms import term_id, words
from streams.text.vectorize import BODY_CHARS, K1, field_terms

__all__ = ["ENRICHER", "VERSION", "keyword_layer"]

ENRICHER = "newsloom-keywords"
VERSION = "1"

MOST = 12
_SHORTEST = 3
_LANGUAGE = "en"
"""The snapshot counted English articles: in others every little word would look rare."""


def keyword_layer(title: str | None, body_text: str, language: str) -> KeywordLayer:
    """At most `MOST` keywords, heaviest first, the heaviest 1; none for a language without a snapshot."""
    if language.partition("-")[0] != _LANGUAGE:
        return KeywordLayer(enricher=ENRICHER, version=VERSION)
    idf = snapshot().words
    counts = field_terms(title, body_text).text
    weights = {term: count * (K1 + 1) / (count + K1) * idf(term) for term, count in counts.items()}
    shown = _shown(f"{title or ''} {body_text[:BODY_CHARS]}")
    ranked = sorted(((weights[term], word) for term, word in shown.items() if term in weights), key=_rank)[:MOST]
    heaviest = ranked[0][0] if ranked else 1.0
    keywords = tuple(Keyword(term=word, weight=round(weight / heaviest, 4)) for weight, word in ranked)
    return KeywordLayer(enricher=ENRICHER, version=VERSION, keywords=keywords)


def _rank(keyword: tuple[float, str]) -> tuple[float, str]:
    weight, word = keyword
    return -weight, word


def _shown(text: str) -> dict[int, str]:
    """The word that each term was most often; the first in the alphabet when two are level."""
    forms: dict[int, Counter[str]] = defaultdict(Counter)
    for word in words(text):
        term = term_id(word)
        if term is not None and len(word) >= _SHORTEST and word[0].isalpha():
            forms[term][word.removesuffix("'s")] += 1
    return {term: min(counts, key=lambda word: (-counts[word], word)) for term, counts in forms.items()}
