"""Names as runs of labels: where they are in a sentence and of which type."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

__all__ = ["LOC", "MISC", "NONE", "ORG", "PER", "Span", "mark", "spans"]

NONE, PER, ORG, LOC, MISC = 0, 1, 2, 3, 4
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
        if not any(row):
            continue
        first = kind = 0
        for at, label in enumerate(row):
            # Most words go on with what was, a name or nothing.
            if label == 2 * kind:
                continue
            if kind:
                yield Span(sentence, first, at, kind)
            first, kind = at, (label + 1) // 2
        if kind:
            yield Span(sentence, first, len(row), kind)


def mark(row: list[int], first: int, last: int, kind: int) -> None:
    """Make the words one name of `kind`, or of none; a name it cuts into keeps its outer words."""
    if last < len(row) and row[last] and row[last] % 2 == 0:
        row[last] -= 1
    row[first:last] = [2 * kind - 1] + [2 * kind] * (last - first - 1) if kind else [0] * (last - first)
