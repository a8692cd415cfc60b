"""Words, numbers and names of a text as the terms that stories are compared by.

A light, rule-based stem and capitalised runs stand in for a tagger: clustering needs
the same term for the same thing, not a correct one. Scripts without spaces give
character bigrams.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from operator import methodcaller

from xxhash import xxh32_intdigest

__all__ = ["NAME_CHARS", "name_terms", "term_id", "words"]

TERM_SEED = 0x6E657773
"""Seed of the term hash; part of what a vector's `idf_version` stands for."""

NAME_CHARS = 2500
NUMBER_CHARS = 800
MIN_SUFFIXED = 3

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
# Han, kana, Thai, Lao, Khmer and Burmese put no space between words.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
_CASED_BLOCKS = (range(0x41, 0x250), range(0x370, 0x530), range(0x1E00, 0x2000))
_UPPER = "".join(chr(code) for block in _CASED_BLOCKS for code in block if chr(code).isupper())
_NAME = re.compile(rf"[{_UPPER}][\w'’\-]*(?:\s+(?:(?:of|de|la|al|bin|van|von|el)\s+)?[{_UPPER}][\w'’\-]*){{0,3}}")
_LETTERS = re.compile(r"\b[^\W\d_]{2,}\b")
_NUMBER = re.compile(r"\b\d[\d,.]*\d\b|\b\d+\b")
_YEAR = re.compile(r"(?:19|20)\d\d")
_matched = methodcaller("group")

_STOP = frozenset(
    """a an the of to in on at for by with from and or but as is are was were be been being it its it's this that these
    those he she they we you i his her their our your him them us not no if then than so such into over about after
    before up down out off between while when where who whom which what why how all any both each more most other some
    only own same too very can will would could should may might must do does did done has have had having said says
    say new also one two first last just now there here per via amid mr mrs ms dr year years day days monday tuesday
    wednesday thursday friday saturday sunday""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)


def words(text: str) -> Iterator[str]:
    """Lower-case words in text order, stop words included; unspaced scripts give bigrams."""
    for word in map(_matched, _WORD.finditer(text.lower().replace("’", "'"))):
        if not word.isascii() and len(word) > 1 and _UNSPACED.search(word):
            yield from (word[at : at + 2] for at in range(len(word) - 1))
        else:
            yield word


@lru_cache(maxsize=1 << 16)
def term_id(word: str) -> int | None:
    """Hash of the stem of a lower-case word, None for a stop word or a single character."""
    if word in _STOP or len(word) < len("ab"):
        return None
    return _hash(_stem(word))


@lru_cache(maxsize=1 << 16)
def _hash(term: str) -> int:
    return int(xxh32_intdigest(term.encode("utf-8", "surrogatepass"), TERM_SEED))


def _stem(word: str) -> str:
    """Drop an English plural or tense ending, the longest rule first; the stem need not be a word."""
    size = len(word)
    if size > 4 and word.endswith("'s"):  # noqa: PLR2004 - the rules are their own names
        word = word[:-2]
    if size > 4 and word.endswith("ies"):  # noqa: PLR2004
        return word[:-3] + "y"
    if size > 4 and word.endswith(("ses", "xes", "zes")):  # noqa: PLR2004
        return word[:-2]
    if size > MIN_SUFFIXED and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    if size > 6 and word.endswith("ing"):  # noqa: PLR2004
        return word[:-3]
    if size > 5 and word.endswith("ed"):  # noqa: PLR2004
        return word[:-2]
    return word


def name_terms(title: str, body: str) -> dict[int, float]:
    """Term id to count of capitalised runs and numbers, from the title and the head of the body.

    A run also counts for its last word, and by half for its first, so that "Kim Jong Un"
    meets "Kim". Words of the title that are names in the body get two more.
    """
    head = body[:NAME_CHARS]
    counts: dict[int, float] = {}
    for run in _names(head):
        stems = [_name_stem(word) for word in run]
        _add(counts, "_".join(stems), 1.0)
        if len(stems) > 1:
            _add(counts, stems[-1], 1.0)
            _add(counts, stems[0], 0.5)
    for word in words(title):
        term = term_id(word)
        if term is not None and term in counts:
            counts[term] += 2.0
    for number in _numbers(f"{title} {head[:NUMBER_CHARS]}"):
        _add(counts, f"#{number}", 0.7)
    return counts


@lru_cache(maxsize=1 << 14)
def _name_stem(word: str) -> str:
    return _stem(word.lower().replace("’", "'").rstrip("'"))


def _add(counts: dict[int, float], term: str, weight: float) -> None:
    key = _hash(term)
    counts[key] = counts.get(key, 0.0) + weight


def _names(text: str) -> Iterator[list[str]]:
    seen = set(_LETTERS.findall(text))
    for match in _NAME.finditer(text):
        run = match.group().split()
        # A sentence starts with a capital whatever the word is.
        if _starts_sentence(text, match.start()) and (first := run[0].lower()) in seen and first.islower():
            run = run[1:]
        while run and run[0].lower() in _STOP:
            run = run[1:]
        while run and run[-1].lower() in _STOP:
            run = run[:-1]
        if run:
            yield run


def _starts_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 2) : at]
    return not before or "\n" in before or before[-1] in '"“”' or (before[-1] == " " and before[0] in '.!?"”')


def _numbers(text: str) -> Iterator[str]:
    for found in _NUMBER.findall(text):
        number = found.replace(",", "").rstrip(".")
        if len(number) > 1 and not _YEAR.fullmatch(number):
            yield number
