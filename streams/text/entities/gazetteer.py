"""Names the world agrees on: what a phrase may be, and which thing it stands for.

Facts only: hand-made tables of countries, peoples, organisations and leaders, and a built
table of cities and personal names (`tools/build_gazetteer.py`; sources in its folder).
"""

import gzip
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple, get_args

from streams.text.entities.sentences import sentences

__all__ = ["Gazetteer", "Kind", "Known", "Phrase", "fold", "gazetteer"]

Kind = Literal["PERSON", "ORG", "PLACE", "GROUP", "EVENT", "PRODUCT", "MISC"]

CLASSES: Mapping[str, str] = {
    "PERSON": "P", "ORG": "O", "PLACE": "R", "GROUP": "G", "EVENT": "E", "PRODUCT": "p", "MISC": "M", "country": "C",
    "city": "c", "first": "f", "last": "l", "date": "d", "org_word": "o", "title": "t",
}  # fmt: skip
"""One letter a class: the classes of a phrase are a short string, letters ascending."""

_FOLDER = "data/gazetteer"
_DATES = """Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April May June July August
    September October November December"""
_ORG_WORDS = """Inc Inc. Corp Corp. Ltd Ltd. Co Co. Plc PLC plc LLC GmbH AG SA S.A. NV Group Holdings Bank University
    Institute Ministry Department Council Committee Party Union Association Federation Agency Commission Court Army
    Police Airlines Airways Press News Times Post Club United City FC College School Hospital Foundation Organization
    Organisation Authority Corporation Company Parliament Senate Congress Assembly Front Movement Brigade Guard Navy"""
_TITLES = """Mr Mr. Mrs Mrs. Ms Ms. Dr Dr. President Minister Prime Senator Sen. Rep. Gov. Governor King Queen Prince
    Princess Pope General Gen. Colonel Col. Captain Capt. Judge Justice Chancellor Secretary Sir Lord Lady Professor
    Prof. Sheikh Ayatollah Mullah Premier Ambassador Chairman Lt. Maj. Sgt. Rev. Adm. spokesman spokeswoman Spokesman
    coach striker midfielder"""


class Known(NamedTuple):
    """One thing under its canonical name; ids are `scheme:value`."""

    kind: Kind
    name: str
    ids: tuple[str, ...] = ()


class Phrase(NamedTuple):
    """Words `first` up to `last` of a sentence are a phrase of these classes."""

    first: int
    last: int
    classes: str


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`classes` by phrase, words joined by one space; `known` by folded name."""

    classes: Mapping[str, str]
    lengths: Mapping[str, tuple[int, ...]]
    known: Mapping[str, Known]

    def word(self, word: str) -> str:
        """Classes of one word, capitals only forgiven."""
        found = self.classes.get(word)
        if found is None and len(word) > len("UAE") and word.isupper():
            found = self.classes.get(word.title())
        return found or ""

    def phrases(self, words: Sequence[str]) -> Iterator[Phrase]:
        """The longest phrases of two words or more, left to right, not overlapping."""
        at = 0
        while at < len(words):
            found = self._longest(words, at) if words[at][0].isupper() else None
            if found is None:
                at += 1
            else:
                yield found
                at = found.last

    def _longest(self, words: Sequence[str], at: int) -> Phrase | None:
        first = words[at]
        lengths, raised = self.lengths.get(first), False
        if lengths is None and len(first) > len("UN") and first.isupper():
            lengths, raised = self.lengths.get(first.title()), True
        for length in lengths or ():
            if at + length <= len(words):
                text = " ".join(words[at : at + length])
                classes = self.classes.get(text.title() if raised else text)
                if classes:
                    return Phrase(at, at + length, classes)
        return None


def fold(name: str) -> str:
    """What names are compared by: no case, accents, full stops, hyphens or curly quotes."""
    plain = name if name.isascii() else _unaccented(name)
    return " ".join(plain.casefold().replace(".", "").replace("-", " ").split())


def _unaccented(name: str) -> str:
    parts = unicodedata.normalize("NFKD", name.replace("’", "'"))
    return "".join(part for part in parts if not unicodedata.combining(part))


@cache
def gazetteer() -> Gazetteer:
    """Load the tables of the package data, once a process."""
    classes: dict[str, str] = {}
    known: dict[str, Known] = {}
    for phrase, letters, city in _rows("phrases.tsv.gz"):
        classes[phrase] = letters
        if city:
            known[fold(phrase)] = _city(phrase, city)
    for names, thing, letter in _things():
        for name in names:
            _add(classes, _phrase(name), letter)
            known[fold(name)] = thing
    for listed, kind in ((_ORG_WORDS, "org_word"), (_TITLES, "title")):
        for word in listed.split():
            _add(classes, word, CLASSES[kind])
    for word in _DATES.split():
        classes[word] = CLASSES["date"]
    return Gazetteer(classes, _lengths(classes), known)


def _add(classes: dict[str, str], phrase: str, letter: str) -> None:
    classes[phrase] = "".join(sorted({*classes.get(phrase, ""), letter}))


def _city(phrase: str, city: str) -> Known:
    geonames, _, name = city.partition("|")
    return Known("PLACE", name or phrase, (f"geonames:{geonames}",))


def _things() -> Iterator[tuple[list[str], Known, str]]:
    """Names, thing and class letters of every row of the hand-made tables; later rows win a shared name."""
    for kind, name, ids, aliases in _rows("known.tsv"):
        thing = Known(_kind(kind), name, tuple(filter(None, ids.split("|"))))
        yield [name, *filter(None, aliases.split("|"))], thing, CLASSES[kind]
    groups = {word for (word,) in _rows("groups.txt")}
    for word in sorted(groups):
        yield [word], Known("GROUP", _people(word, groups)), CLASSES["GROUP"]
    for code, name, aliases, people in _rows("countries.tsv"):
        iso = (f"iso3166:{code}",)
        yield [name, *filter(None, aliases.split("|"))], Known("PLACE", name, iso), CLASSES["country"]
        words = list(filter(None, people.split("|")))
        for word in words:
            yield [word], Known("GROUP", _people(word, words)), CLASSES["GROUP"]


def _people(word: str, words: Collection[str]) -> str:
    """One name for the singular and the plural of a people: "Russians" are "Russian"."""
    return word.removesuffix("s") if word.removesuffix("s") in words else word


def _kind(text: str) -> Kind:
    return next(kind for kind in get_args(Kind) if kind == text)


def _rows(table: str) -> Iterator[list[str]]:
    data = files("streams.text").joinpath(f"{_FOLDER}/{table}").read_bytes()
    text = (gzip.decompress(data) if table.endswith(".gz") else data).decode()
    return (line.split("\t") for line in text.splitlines() if not line.startswith("#"))


def _phrase(name: str) -> str:
    """The name as the words of a sentence, so that a lookup of words meets it."""
    return " ".join(word for sentence in sentences(name) for word in sentence.words)


def _lengths(phrases: Mapping[str, str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, set[int]] = {}
    for phrase in phrases:
        first, space, _ = phrase.partition(" ")
        if space:
            found.setdefault(first, set()).add(phrase.count(" ") + 1)
    return {first: tuple(sorted(lengths, reverse=True)) for first, lengths in found.items()}
