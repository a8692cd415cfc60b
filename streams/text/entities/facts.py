"""What the gazetteer is sure of overrules the tagger.

A phrase of which all classes are of one type is of that type wherever it stands as a name;
one of several words, or an acronym, is a name wherever it stands.
"""

from collections.abc import Sequence

from streams.text.entities.features import shouted
from streams.text.entities.gazetteer import CLASSES, Gazetteer, Phrase
from streams.text.entities.revise import revise
from streams.text.entities.spans import LOC, MISC, ORG, PER, mark, spans

__all__ = ["with_facts"]

_TYPES = {
    CLASSES["PERSON"]: PER, CLASSES["ORG"]: ORG, CLASSES["PLACE"]: LOC, CLASSES["country"]: LOC, CLASSES["GROUP"]: MISC,
    CLASSES["EVENT"]: MISC, CLASSES["PRODUCT"]: MISC, CLASSES["MISC"]: MISC,
}  # fmt: skip
"""Types by the classes of the hand-made tables."""

_HINTS = {CLASSES["city"]: LOC, CLASSES["first"]: PER, CLASSES["last"]: PER}
"""Types by the classes of the built one: too many words are a town or a name somewhere to be sure by these alone."""

_ARTICLES = frozenset(("the", "The"))
_ACRONYM = 3
"""Letters an acronym must have to be a name without the tagger's consent."""


def with_facts(
    sentences: Sequence[Sequence[str]],
    phrases: Sequence[Sequence[Phrase]],
    labels: Sequence[Sequence[int]],
    gazetteer: Gazetteer,
) -> list[list[int]]:
    """Labels of the same words, known names in their place; `phrases` are the gazetteer's, by sentence."""
    found = [list(row) for row in labels]
    for span in list(spans(found)):
        words = sentences[span.sentence][span.first : span.last]
        kind = _sure(gazetteer.classes.get(" ".join(words), ""), len(words))
        if kind is not None and kind != span.type:
            mark(found[span.sentence], span.first, span.last, kind)
    revise(sentences, found, gazetteer)
    for words, known, row in zip(sentences, phrases, found, strict=True):
        for phrase in known:
            # "The Sun" is a newspaper only where the tagger sees a name.
            if words[phrase.first] not in _ARTICLES or any(row[phrase.first : phrase.last]):
                _overrule(row, phrase.first, phrase.last, _sure(phrase.classes, phrase.last - phrase.first))
        acronyms = [at for at, word in enumerate(words) if word.isupper() and len(word) >= _ACRONYM and not row[at]]
        for at in acronyms if acronyms and not shouted(words) else ():
            if not row[at]:
                _overrule(row, at, at + 1, _sure(gazetteer.classes.get(words[at], ""), 1))
    return found


def _sure(classes: str, words: int) -> int | None:
    """The type that every class agrees on; for a phrase of several words the hand-made tables decide."""
    types = {_TYPES[letter] for letter in classes if letter in _TYPES}
    hints = {_HINTS[letter] for letter in classes if letter in _HINTS} if words == 1 else set()
    return types.pop() if len(types) == 1 and hints <= types else None


def _overrule(row: list[int], first: int, last: int, kind: int | None) -> None:
    """Mark the phrase unless it is part of a longer name."""
    if kind is None or (row[first] and row[first] % 2 == 0):
        return
    longer = last < len(row) and row[last] > 0 and row[last] % 2 == 0 and any(row[first:last])
    if not longer:
        mark(row, first, last, kind)
