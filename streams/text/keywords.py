"""The terms that stand for an article: frequent in it, rare elsewhere.

BM25 weights as in the story vectors (`streams.text.vectorize`), from the same IDF snapshot,
the title counted three times; a term is shown as the word the article uses most for it.
"""

from collections import Counter, defaultdict

from schemas import Keyword, KeywordLayer
from streams.text.idf import snapshot
from streams.text.terms import term_id, words
from streams.text.vectorize import BODY_CHARS, K1

__all__ = ["ENRICHER", "VERSION", "keyword_layer"]

ENRICHER = "newsloom-keywords"
VERSION = "1"

MOST = 12
TITLE_TIMES = 3
_SHORTEST = 3
_LANGUAGE = "en"
"""The snapshot counted English articles: in others every little word would look rare."""


def keyword_layer(title: str | None, body_text: str, language: str) -> KeywordLayer:
    """At most `MOST` keywords, heaviest first, the heaviest 1; none for a language without a snapshot."""
    if language.partition("-")[0] != _LANGUAGE:
        return KeywordLayer(enricher=ENRICHER, version=VERSION)
    idf = snapshot().words
    ranked = []
    for term, forms in _counted(title or "", body_text[:BODY_CHARS]).items():
        count = forms.total()
        ranked.append((count * (K1 + 1) / (count + K1) * idf(term), min(forms, key=lambda word: (-forms[word], word))))
    ranked = sorted(ranked, key=_rank)[:MOST]
    heaviest = ranked[0][0] if ranked else 1.0
    keywords = tuple(Keyword(term=word, weight=round(weight / heaviest, 4)) for weight, word in ranked)
    return KeywordLayer(enricher=ENRICHER, version=VERSION, keywords=keywords)


def _rank(keyword: tuple[float, str]) -> tuple[float, str]:
    weight, word = keyword
    return -weight, word


def _counted(title: str, body: str) -> dict[int, Counter[str]]:
    """The words that each term was, and how often."""
    forms: dict[int, Counter[str]] = defaultdict(Counter)
    for text, times in ((title, TITLE_TIMES), (body, 1)):
        for word, count in Counter(words(text)).items():
            term = term_id(word)
            if term is not None and len(word) >= _SHORTEST and word[0].isalpha():
                forms[term][word.removesuffix("'s")] += times * count
    return forms
