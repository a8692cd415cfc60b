# ruff: noqa: INP001 - a script, not part of a package
"""The tagger's training texts: reading them, and making their labels say the same thing.

Sets of different origin disagree on titles ("President Putin"), on "the", and on words
for peoples ("Russian"); `normalised` settles it the way the news benchmarks do. Words
are cut again by our own splitter, so that the tagger learns on what it will see.
"""

import gzip
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from streams.text.entities.gazetteer import CLASSES, gazetteer
from streams.text.entities.sentences import MAX_WORDS, sentences
from streams.text.entities.tagger import LABELS

__all__ = ["GOLD", "Labelled", "read", "shouted", "spans"]

GOLD = ("wikigold", "redocred", "crossner_politics", "crossner_literature", "crossner_music", "gum_named", "re3d_clean")
"""Sets with labels made by people whose licence lets a shipped model learn from them."""

_TITLES = frozenset(
    """Mr Mr. Mrs Mrs. Ms Ms. Dr Dr. President Minister Prime Vice Senator Sen. Rep. Gov. Governor King Queen Prince
    Princess Pope General Gen. Colonel Col. Captain
    Judge Justice Chancellor Secretary Sir Lord Lady Professor Prof.
    Sheikh Ayatollah Mullah Premier Ambassador Chairman Chief Crown Imam Emperor Bishop Archbishop Cardinal Foreign
    the""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)
_PRONOUNS = frozenset(
    """I We He She They It You Our His Her Their My Us Them The This That These Who Government government""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)
_INDEX = {label: at for at, label in enumerate(LABELS)}
_DROPPED_GENRES = ("GUM_bio", "GUM_voyage")
"""CC-BY-SA parts of GUM."""


class Labelled(NamedTuple):
    """A sentence and the index into `LABELS` of each word."""

    document: str
    words: tuple[str, ...]
    labels: tuple[int, ...]


class Span(NamedTuple):
    """Words `first` up to `last` are a name of `kind`."""

    first: int
    last: int
    kind: str


def read(folder: Path, name: str, *, normalise: bool = True) -> Iterator[Labelled]:
    """Sentences of one set, at most `MAX_WORDS` words each."""
    with gzip.open(folder / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            if row["doc"].startswith(_DROPPED_GENRES):
                continue
            words, tags = _recut(row["tokens"], row["tags"])
            tags = normalised(words, tags) if normalise else tags
            for at in range(0, len(words), MAX_WORDS):
                cut = _repaired(tags[at : at + MAX_WORDS])
                yield Labelled(
                    f"{name}/{row['doc']}", tuple(words[at : at + MAX_WORDS]), tuple(_INDEX[tag] for tag in cut)
                )


def shouted(texts: Sequence[Labelled], *, share: float, seed: int) -> Iterator[Labelled]:
    """All texts, and a share of them again in capitals, as headlines are."""
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    for text in texts:
        yield text
        if chance.random() < share:
            yield text._replace(words=tuple(word.upper() for word in text.words))


def spans(tags: Sequence[str]) -> list[Span]:
    """The names of one sentence."""
    found: list[Span] = []
    first: int | None = None
    for at, tag in enumerate([*tags, "O"]):
        if first is not None and (tag[0] != "I" or tag[2:] != tags[first][2:]):
            found.append(Span(first, at, tags[first][2:]))
            first = None
        if first is None and tag != "O":
            first = at
    return found


def normalised(words: Sequence[str], tags: Sequence[str]) -> list[str]:
    """Titles and "the" are no part of a name; a word for a people is MISC wherever it stands alone."""
    known = gazetteer()
    found = ["O"] * len(words)
    for span in spans(tags):
        first, last, kind = span
        outside = {"LOC": ("the", "The"), "ORG": ("the",), "PER": _TITLES}.get(kind, ())
        while first < last - (kind != "PER") and words[first] in outside:
            first += 1
        while last - 1 > first and words[last - 1] in ("'s", "’s", ","):
            last -= 1
        if first >= last or (last - first == 1 and words[first] in _PRONOUNS):
            continue
        _mark(found, first, last, "MISC" if _people(" ".join(words[first:last])) else kind)
    for phrase in known.phrases(words):
        if CLASSES["GROUP"] in phrase.classes and not any(tag != "O" for tag in found[phrase.first : phrase.last]):
            _mark(found, phrase.first, phrase.last, "MISC")
    for at, word in enumerate(words):
        if found[at] == "O" and _people(word) and word != "English":
            found[at] = "B-MISC"
    return found


def _people(phrase: str) -> bool:
    classes = gazetteer().classes.get(phrase, "")
    return CLASSES["GROUP"] in classes and not {CLASSES["country"], CLASSES["PLACE"]} & set(classes)


def _mark(tags: list[str], first: int, last: int, kind: str) -> None:
    tags[first] = "B-" + kind
    tags[first + 1 : last] = ["I-" + kind] * (last - first - 1)


def _recut(words: Sequence[str], tags: Sequence[str]) -> tuple[list[str], list[str]]:
    """Cut each word as the splitter would; of "Russian-made" only the first part keeps the label."""
    cut_words: list[str] = []
    cut_tags: list[str] = []
    for word, tag in zip(words, tags, strict=True):
        parts = [part for sentence in sentences(word) for part in sentence.words] if len(word) > 1 else [word]
        if not parts or word in (".", "..") or (word.endswith(".") and len(parts) == len([word, "."])):
            parts = [word]
        tail = "-" in parts[1:] and parts[-1].islower()
        inside = "O" if tail or tag == "O" else "I-" + tag[2:]
        cut_words += parts
        cut_tags += [tag] + [inside] * (len(parts) - 1)
    return cut_words, cut_tags


def _repaired(tags: Sequence[str]) -> list[str]:
    """A name cut in two begins again."""
    found: list[str] = []
    for tag in tags:
        previous = found[-1] if found else "O"
        found.append("B-" + tag[2:] if tag[0] == "I" and previous[2:] != tag[2:] else tag)
    return found
