"""The terms that stand for an article: frequent in it, rare elsewhere.

BM25 weights as in the story vectors (`streams.text.vectorize`), from the same IDF snapshot,
the title counted three times; a term is shown as the word the article uses most for it.
Addresses and keys of links are no words.
"""

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache

from schemas import Keyword, KeywordLayer
from streams.text.addresses import without_addresses
from streams.text.idf import snapshot
from streams.text.terms import term_id, words
from streams.text.vectorize import BODY_CHARS, K1

__all__ = ["ENRICHER", "VERSION", "keyword_layer"]

ENRICHER = "newsloom-keywords"
VERSION = "1"

MOST = 12
TITLE_TIMES = 3
_SHORTEST = 3
_SHORTEST_CODE = 6
_CODE = re.compile(r"[0-9][^\W\d_]+[0-9]|[^\W\d_][0-9]+[^\W\d_]")
_LANGUAGE = "en"
"""The snapshot counted English articles: in others every little word would look rare."""


def keyword_layer(title: str | None, body_text: str, language: str) -> KeywordLayer:
    """At most `MOST` keywords, heaviest first, the heaviest 1; none for a language without a snapshot."""
    if language.partition("-")[0] != _LANGUAGE:
        return KeywordLayer(enricher=ENRICHER, version=VERSION)
    idf = snapshot().words
    forms = _counted(title or "", body_text[:BODY_CHARS])
    weights = {term: _weight(sum(shown.values()), idf(term)) for term, shown in forms.items()}
    least = min(sorted(weights.values())[-MOST:], default=0.0)
    heaviest = sorted((-weight, _shown(forms[term])) for term, weight in weights.items() if weight >= least)[:MOST]
    top = -heaviest[0][0] if heaviest else 1.0
    keywords = tuple(Keyword(term=word, weight=round(-weight / top, 4)) for weight, word in heaviest)
    return KeywordLayer(enricher=ENRICHER, version=VERSION, keywords=keywords)


def _weight(count: int, idf: float) -> float:
    return count * (K1 + 1) / (count + K1) * idf


def _shown(forms: Mapping[str, int]) -> str:
    """The commonest form, the first by letters of equals."""
    return next(iter(forms)) if len(forms) == 1 else min(forms, key=lambda word: (-forms[word], word))


def _counted(title: str, body: str) -> dict[int, dict[str, int]]:
    """The words that each term was, and how often."""
    counts = Counter(words(without_addresses(body)))
    for word in words(without_addresses(title)):
        counts[word] += TITLE_TIMES
    forms: dict[int, dict[str, int]] = {}
    for word, count in counts.items():
        if found := _term(word):
            term, shown = found
            of_term = forms.setdefault(term, {})
            of_term[shown] = of_term.get(shown, 0) + count
    return forms


@lru_cache(1 << 16)
def _term(word: str) -> tuple[int, str] | None:
    """Its term and the word to show, where it could be a keyword."""
    term = term_id(word)
    if term is None or len(word) < _SHORTEST or not word[0].isalpha() or _is_code(word):
        return None
    return term, word.removesuffix("'s")


def _is_code(word: str) -> bool:
    """Whether letters and digits alternate as in the key of a link, and not as in "covid19" or "h1n1"."""
    return len(word) >= _SHORTEST_CODE and _CODE.search(word) is not None
