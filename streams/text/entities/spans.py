"""Names as runs of labels: where they are in a sentence and of which type."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["LOC", "MISC", "ORG", "PER", "Span", "erase", "mark", "spans"]

PER, ORG, LOC, MISC = 1, 2, 3, 4
"""Types in the order of the tagger's labels: B- is `2 * type - 1`, I- is `2 * type`, 0 is outside."""


class Span(NamedTuple):
    """Words `first` up to, not including, `last` of a sentence."""

    sentence: int
    first: int
    last: int
    type: int


def spans(labels: Sequence[Sequence[int]]) -> Iterator[Span]:
    """Every name in text order; an I- that continues nothing begins a name."""
    for sentence, row in enumerate(labels):
        first = kind = 0
        for at, label in enumerate([*row, 0]):
            if kind and label != 2 * kind:
                yield Span(sentence, first, at, kind)
                kind = 0
            if label and not kind:
                first, kind = at, (label + 1) // 2


def mark(row: list[int], first: int, last: int, kind: int) -> None:
    """Make the words one name of `kind`; a name it cuts into keeps its outer words."""
    if last < len(row) and row[last] and row[last] % 2 == 0:
        row[last] -= 1
    row[first:last] = [2 * kind - 1] + [2 * kind] * (last - first - 1)


def erase(row: list[int], first: int, last: int) -> None:
    """Make the words no part of a name; a name it cuts into keeps its outer words."""
    if last < len(row) and row[last] and row[last] % 2 == 0:
        row[last] -= 1
    row[first:last] = [0] * (last - first)
