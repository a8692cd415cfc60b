"""A text cut at the entities that were found in it, by code points: what a template writes one after the other."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schemas import Entity

__all__ = ["Piece", "marked", "paragraphs"]

_BREAK = "\n\n"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, and the entity that it names if it names one."""

    text: str
    entity: Entity | None = None


def paragraphs(text: str, entities: Sequence[Entity]) -> list[list[Piece]]:
    """The paragraphs of `text` in pieces; together the pieces of a paragraph are its text.

    Where mentions overlap, the one that begins first counts, of two the longer; a mention across a
    paragraph's end, or outside the text, does not.
    """
    spans = sorted(
        ((mention.start, -mention.end, entity) for entity in entities for mention in entity.mentions),
        key=lambda span: span[:2],
    )
    found = [(start, -end, entity) for start, end, entity in spans]
    pieces: list[list[Piece]] = []
    begin = 0
    for paragraph in text.split(_BREAK):
        inside = [span for span in found if begin <= span[0] < begin + len(paragraph)]
        if paragraph.strip():
            pieces.append(list(_cut(paragraph, begin, inside)))
        begin += len(paragraph) + len(_BREAK)
    return pieces


def _cut(paragraph: str, begin: int, spans: Iterable[tuple[int, int, Entity]]) -> Iterator[Piece]:
    at = 0
    for start, end, entity in spans:
        first, last = start - begin, end - begin
        if first < at or last > len(paragraph) or last <= first:
            continue
        if first > at:
            yield Piece(paragraph[at:first])
        yield Piece(paragraph[first:last], entity)
        at = last
    if at < len(paragraph):
        yield Piece(paragraph[at:])


def marked(text: str, marks: Sequence[tuple[int, int]]) -> list[tuple[str, bool]]:
    """A search's snippet in pieces, each with whether it is one of the words looked for."""
    pieces, at = [], 0
    for start, end in sorted(marks):
        if at <= start < end <= len(text):
            pieces += [(text[at:start], False), (text[start:end], True)]
            at = end
    return [(piece, wanted) for piece, wanted in (*pieces, (text[at:], False)) if piece]
