"""What the gazetteer is sure of overrules the tagger.

A phrase of one class only is that wherever it stands as a name; one of several words, or
an acronym, is a name wherever it stands.
"""

from collections.abc import Sequence

from streams.text.entities.gazetteer import CLASSES, Gazetteer
from streams.text.entities.spans import LOC, MISC, ORG, PER, mark, spans

__all__ = ["with_facts"]

_TYPES = {
    CLASSES["PERSON"]: PER, CLASSES["ORG"]: ORG, CLASSES["PLACE"]: LOC, CLASSES["country"]: LOC, CLASSES["GROUP"]: MISC,
    CLASSES["EVENT"]: MISC, CLASSES["PRODUCT"]: MISC,
}  # fmt: skip
_ACRONYM = 3
"""Letters an acronym must have to be a name without the tagger's consent."""


def with_facts(sentences: Sequence[Sequence[str]], labels: list[list[int]], gazetteer: Gazetteer) -> list[list[int]]:
    """Labels of the same words, known names in their place."""
    found = [list(row) for row in labels]
    for span in list(spans(found)):
        words = sentences[span.sentence][span.first : span.last]
        kind = _TYPES.get(gazetteer.classes.get(" ".join(words), ""))
        if kind is not None and kind != span.type:
            mark(found[span.sentence], span.first, span.last, kind)
    for words, row in zip(sentences, found, strict=True):
        for phrase in gazetteer.phrases(words):
            _overrule(row, phrase.first, phrase.last, _TYPES.get(phrase.classes))
        for at, word in enumerate(words):
            if not row[at] and len(word) >= _ACRONYM and word.isupper():
                _overrule(row, at, at + 1, _TYPES.get(gazetteer.classes.get(word, "")))
    return found


def _overrule(row: list[int], first: int, last: int, kind: int | None) -> None:
    """Mark the phrase unless it is part of a longer name."""
    if kind is None or (row[first] and row[first] % 2 == 0):
        return
    longer = last < len(row) and row[last] > 0 and row[last] % 2 == 0 and any(row[first:last])
    if not longer:
        mark(row, first, last, kind)
