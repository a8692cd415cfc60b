"""What the tagger sees of a word: hashed features of itself, its neighbours and the gazetteer.

All arithmetic is on unsigned 32-bit integers that wrap, so that every machine gets the
same buckets.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from xxhash import xxh32_intdigest

from streams.text.entities.gazetteer import Phrase, gazetteer

__all__ = ["FEATURES", "SEEN_FROM", "FeatureTable", "Rows", "shouted"]

Hashes = NDArray[np.uint32]

SEED = 0x656E7473
PADDING = 3
"""Rows before, between and after sentences: what a word at the edge has for a neighbour."""

MAX_KNOWN_WORDS = 1 << 16
"""Base hashes are kept for so many word forms; then they are forgotten and made anew."""

_LONGEST_COUNTED = 12
_SHAPE = ((re.compile("[A-Z]+"), "A"), (re.compile("[a-z]+"), "a"), (re.compile("[0-9]+"), "0"))
_DIGIT = re.compile("[0-9]")

# Columns of a word's base hashes; a neighbour is seen by the first few, fewer the farther it is.
_WORD, _SHAPED, _CLASS, _GAZETTEER = 0, 1, 2, 3
_BASE = 22
_NEIGHBOURS = (
    (-3, 1, 0x9E3779B1),
    (-2, 4, 0x85EBCA77),
    (-1, 9, 0xC2B2AE3D),
    (1, 9, 0x27D4EB2F),
    (2, 4, 0x165667B1),
    (3, 1, 0x2545F491),
)
_PAIRS = 11
_PHRASES = 3
_SENTENCE = 2

SEEN_FROM: Sequence[tuple[int, int]] = ((0, _BASE), *((offset, columns) for offset, columns, _ in _NEIGHBOURS))
"""How far off a word is that another sees, and as how many features: the columns of `FeatureTable.forms`."""

FEATURES = sum(columns for _, columns in SEEN_FROM) + _PAIRS + _PHRASES + _SENTENCE


def _hash(text: str) -> int:
    return int(xxh32_intdigest(text.encode("utf-8", "surrogatepass"), SEED))


_phrase_hash = lru_cache(1 << 10)(_hash)
_CAPITALS, _MIXED_CASE = _hash("all capitals"), _hash("mixed case")


class Rows(NamedTuple):
    """`rows` of `FeatureTable.forms` of every word, with padding around sentences; `places` of the words among them."""

    rows: NDArray[np.intp]
    places: NDArray[np.intp]


class FeatureTable:
    """Turns sentences into rows of feature hashes; remembers word forms, which changes no result.

    Most features depend on one word form alone, the word's own or a neighbour's: these are
    `forms`, a row a word form, the first that of a sentence's edge. Those of word and
    neighbours together are `context`.
    """

    def __init__(self) -> None:
        self._rows: dict[str, int] = {}
        self._base = np.zeros((1 << 10, _BASE), np.uint32)
        self._base[0] = [_hash(f"edge {column}") for column in range(_BASE)]

    def __len__(self) -> int:
        return len(self._rows) + 1

    def rows(self, sentences: Sequence[Sequence[str]]) -> Rows:
        """Where the words of `sentences` have their features; valid until `forget`."""
        edge = [0] * PADDING
        rows = list(edge)
        places: list[int] = []
        known = self._rows
        for words in sentences:
            places.extend(range(len(rows), len(rows) + len(words)))
            rows += [known[word] if word in known else self._learn(word) for word in words]
            rows += edge
        return Rows(np.array(rows), np.array(places))

    def forms(self, rows: slice | NDArray[np.intp]) -> Hashes:
        """Features that these word forms are to themselves and to their neighbours."""
        base = self._base[rows]
        seen = [base[:, :columns] * np.uint32(by) + np.uint32(by >> 7) for _, columns, by in _NEIGHBOURS]
        return _mixed(np.concatenate([base, *seen], axis=1))

    def context(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]], found: Rows) -> Hashes:
        """Features of no word form alone, a column a word; `phrases` are the gazetteer's, by sentence."""
        base = self._base[:, : _GAZETTEER + 1][found.rows]
        case = base[found.places, _CLASS]
        parts = [
            _pairs(base)[:, found.places - PADDING],
            _in_phrases(sentences, phrases, found),
            _sentence(sentences, case),
        ]
        return _mixed(np.concatenate(parts))

    def features(self, sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]]) -> Hashes:
        """All features, a row a word in text order, `FEATURES` columns."""
        found = self.rows(sentences)
        forms = self.forms(found.rows)
        ends = list(accumulate(columns for _, columns in SEEN_FROM))
        seen = [
            forms[found.places + offset, end - columns : end]
            for (offset, columns), end in zip(SEEN_FROM, ends, strict=True)
        ]
        return np.concatenate([*seen, self.context(sentences, phrases, found).T], axis=1)

    def _learn(self, word: str) -> int:
        # Rows handed out stay valid: the table only grows until it is told to forget.
        row = len(self)
        if row == len(self._base):
            self._base = np.concatenate([self._base, np.zeros_like(self._base)])
        plain = word.replace("’", "'")
        self._base[row] = [_hash(feature) for feature in _word_features(plain, gazetteer().word(plain))]
        self._rows[word] = row
        return row

    def forget(self) -> bool:
        """Drop the remembered word forms when there are too many; whether it did."""
        if len(self._rows) <= MAX_KNOWN_WORDS:
            return False
        self._rows.clear()
        return True


def _in_phrases(sentences: Sequence[Sequence[str]], phrases: Sequence[Sequence[Phrase]], rows: Rows) -> Hashes:
    """Gazetteer phrase at the word, before it and after it."""
    marks = np.zeros(len(rows.rows), np.uint32)
    at = PADDING
    for words, found in zip(sentences, phrases, strict=True):
        for phrase in found:
            marks[at + phrase.first : at + phrase.last] = _phrase_hash("in" + phrase.classes)
            marks[at + phrase.first] = _phrase_hash("at" + phrase.classes)
        at += len(words) + PADDING
    places = rows.places
    return np.stack([marks[places], marks[places - 1] ^ np.uint32(0x55), marks[places + 1] ^ np.uint32(0xAA)])


def _word_features(word: str, classes: str) -> list[str]:
    lower = word.lower()
    case, shape = _case(word), word
    for pattern, letter in _SHAPE:
        shape = pattern.sub(letter, shape)
    marks = "".join(mark for mark in "-'.&" if mark in word)
    return [
        "w" + _DIGIT.sub("0", lower), "s" + shape, "c" + case, "g" + classes, "z3" + lower[-3:],
        "k0" + classes[:1], "k1" + classes[1:2], "z2" + lower[-2:], "a4" + lower[:4],
        "v" + word, "a1" + lower[:1], "a2" + lower[:2], "a3" + lower[:3], "a5" + lower[:5],
        "z1" + lower[-1:], "z4" + lower[-4:], "z5" + lower[-5:], f"cz{case} {lower[-3:]}", f"ca{case} {lower[:3]}",
        f"cg{case} {classes}", f"n{min(len(word), _LONGEST_COUNTED)}{case}", f"m{marks}{case}",
    ]  # fmt: skip


def _case(word: str) -> str:
    """Capitals (one, all, first, some), lower case, number, or other."""
    if word.isupper():
        return "U" if len(word) > 1 and word != "I" else "S"
    if word[:1].isupper():
        return "T" if word[1:].islower() or len(word) == 1 else "M"
    if word.islower():
        return "l"
    if word[:1].isdigit():
        return "0"
    return "m" if word.isalpha() else "x"


def _shifted(base: Hashes, offset: int) -> Hashes:
    """The rows of the words that stand `offset` away, for every row but the padding at both ends."""
    return base[PADDING + offset : len(base) - PADDING + offset]


def _pairs(base: Hashes) -> Hashes:
    """Conjunctions of a word with its neighbours."""
    this, before, after = _shifted(base, 0), _shifted(base, -1), _shifted(base, 1)
    cases = before[:, _CLASS] * np.uint32(7) + this[:, _CLASS]
    lists = before[:, _GAZETTEER] * np.uint32(7) + this[:, _GAZETTEER]
    pairs = (
        (before[:, _WORD], this[:, _WORD]),
        (this[:, _WORD], after[:, _WORD]),
        (cases, after[:, _CLASS]),
        (before[:, _WORD], this[:, _SHAPED]),
        (this[:, _SHAPED], after[:, _WORD]),
        (before[:, _WORD], this[:, _GAZETTEER]),
        (this[:, _GAZETTEER], after[:, _WORD]),
        (before[:, _WORD], after[:, _WORD]),
        (lists, after[:, _GAZETTEER]),
        (_shifted(base, -2)[:, _WORD], before[:, _WORD]),
        (after[:, _WORD], _shifted(base, 2)[:, _WORD]),
    )
    return np.stack([_pair(one, other, salt) for salt, (one, other) in enumerate(pairs)])


def _pair(one: Hashes, other: Hashes, salt: int) -> Hashes:
    return (one * np.uint32(31) + other * np.uint32(17) + np.uint32(salt)) * np.uint32(0x9E3779B1)


def _sentence(sentences: Sequence[Sequence[str]], case: Hashes) -> Hashes:
    """Whether most words of the sentence are in capitals, alone and with the word's own case."""
    of_sentences = np.array([_CAPITALS if shouted(words) else _MIXED_CASE for words in sentences], np.uint32)
    marks = np.repeat(of_sentences, [len(words) for words in sentences])
    return np.stack([marks, _pair(case, marks, _PAIRS)])


def shouted(words: Sequence[str]) -> bool:
    """Whether a sentence of some length is in capitals, as headlines are: six words in ten."""
    capitals = sum(map(str.isupper, words))
    if len(words) <= 2 or capitals <= 1:  # noqa: PLR2004 - one or two words are no headline
        return False
    return 10 * capitals > 6 * sum(word[0].isalpha() for word in words)


def _mixed(hashes: Hashes) -> Hashes:
    """Finish of MurmurHash3: every input bit reaches the low bits that pick a bucket."""
    hashes ^= hashes >> np.uint32(15)
    hashes *= np.uint32(0x2C1B3C6D)
    hashes ^= hashes >> np.uint32(13)
    return hashes
