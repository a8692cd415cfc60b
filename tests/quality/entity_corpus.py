"""Articles with gold names, and the strict score of what the entity chain finds in them."""

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from streams.text.entities.layer import named
from streams.text.entities.sentences import sentences
from streams.text.entities.spans import LOC, MISC, ORG, PER

__all__ = ["TYPES", "GoldArticle", "f1", "found_names", "read_articles", "sha256_of", "tally"]

TYPES = {"PER": PER, "ORG": ORG, "LOC": LOC, "MISC": MISC}

Name = tuple[int, int, int]
"""Start, end and type."""


@dataclass(frozen=True, slots=True)
class GoldArticle:
    """A text, a sentence a line, words parted by one space, and the names in it."""

    text: str
    names: frozenset[Name]


def sha256_of(path: Path) -> str:
    """Hash of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def read_articles(path: Path) -> Iterator[GoldArticle]:
    """The articles of a corpus in its order; their sentences stand together."""
    document: str | None = None
    lines: list[tuple[list[str], list[str]]] = []
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        for row in map(json.loads, rows):
            if row["doc"] != document and lines:
                yield _article(lines)
                lines = []
            document = row["doc"]
            lines.append((row["tokens"], row["tags"]))
    if lines:
        yield _article(lines)


def _article(lines: Iterable[tuple[Sequence[str], Sequence[str]]]) -> GoldArticle:
    texts, names, at = [], set(), 0
    for words, tags in lines:
        open_name: list[int] | None = None
        for word, tag in zip(words, tags, strict=True):
            if open_name is not None and tag[0] != "I":
                names.add((open_name[0], open_name[1], open_name[2]))
                open_name = None
            if tag[0] == "B":
                open_name = [at, at + len(word), TYPES[tag[2:]]]
            elif tag[0] == "I" and open_name is not None:
                open_name[1] = at + len(word)
            at += len(word) + 1
        if open_name is not None:
            names.add((open_name[0], open_name[1], open_name[2]))
        texts.append(" ".join(words))
    return GoldArticle("\n".join(texts), frozenset(names))


def found_names(text: str) -> frozenset[Name]:
    """What the shipped chain finds: its own words and sentences, tagger, facts, consistency."""
    parts = sentences(text)
    found = named([part.words for part in parts])
    return frozenset((*parts[span.sentence].place(span.first, span.last), span.type) for span in found)


def tally(articles: Iterable[GoldArticle]) -> dict[int, Counter[str]]:
    """By type: names that are right, wrong and missed; right is the same start, end and type."""
    counts = {kind: Counter[str]() for kind in TYPES.values()}
    for article in articles:
        found = found_names(article.text)
        for label, names in (
            ("right", found & article.names),
            ("wrong", found - article.names),
            ("missed", article.names - found),
        ):
            for _, _, kind in names:
                counts[kind][label] += 1
    return counts


def f1(counts: dict[int, Counter[str]], kinds: Iterable[int]) -> float:
    """Entity F1 over some types, 0 to 1."""
    total = sum((counts[kind] for kind in kinds), Counter[str]())
    return 2 * total["right"] / (2 * total["right"] + total["wrong"] + total["missed"])
