"""Scores of extracted text against a gold text, as the field measures them."""

import re
import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["Score", "shingle_score", "word_f1"]

_TOKEN = re.compile(r"\w+")
_SIZE = 4


@dataclass(frozen=True, slots=True)
class Score:
    """Shares from 0 to 1 over `documents` pairs."""

    f1: float
    precision: float
    recall: float
    documents: int


def _shingles(text: str) -> Counter[tuple[str, ...]]:
    tokens = _TOKEN.findall(text)
    return Counter(tuple(tokens[i : i + _SIZE]) for i in range(max(1, len(tokens) - _SIZE + 1)) if tokens)


def shingle_score(pairs: Iterable[tuple[str, str]]) -> Score:
    """Word 4-gram score of (gold, found) pairs, the article-extraction-benchmark's metric.

    Precision and recall are means over documents, F1 is of the means. A document with
    nothing found has no precision, only a recall of 0.
    """
    precisions, recalls = [], []
    for gold, found in pairs:
        wanted, got = _shingles(gold), _shingles(found)
        common = (wanted & got).total()
        if got:
            precisions.append(common / got.total())
        if wanted:
            recalls.append(common / wanted.total())
    precision = statistics.mean(precisions) if precisions else 0.0
    recall = statistics.mean(recalls) if recalls else 0.0
    both = precision + recall
    return Score(2 * precision * recall / both if both else 0.0, precision, recall, len(recalls))


def word_f1(gold: str, found: str) -> float:
    """F1 of the bags of words of one document, lower case: WCXB's metric."""
    wanted, got = Counter(_TOKEN.findall(gold.lower())), Counter(_TOKEN.findall(found.lower()))
    common = (wanted & got).total()
    return 2 * common / (wanted.total() + got.total()) if common else 0.0
