"""The different ways an article writes its names, each counted once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from streams.text.entities.gazetteer import fold
from streams.text.entities.sentences import Sentence
from streams.text.entities.spans import LOC, ORG, PER, Span

__all__ = ["Form", "forms"]

_HONORIFICS = frozenset(
    """mr mrs ms dr president prime minister sen gen king queen prince princess pope sir lord lady rep gov col capt
    sgt lt maj prof rev judge justice senator general premier chancellor""".split()  # noqa: SIM905 - a list of one word a line is no clearer
)
_ARTICLE = frozenset(("the",))
_LEGAL = frozenset("inc corp co ltd plc llc ag sa nv gmbh group holdings company corporation ,".split())  # noqa: SIM905


@dataclass(slots=True)
class Form:
    """A folded name without titles and legal forms, and where it stands.

    `type` is the one most of its spans have; `surfaces` are the names as written, in text
    order.
    """

    words: tuple[str, ...]
    type: int
    spans: list[Span] = field(default_factory=list)
    surfaces: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        """The folded name."""
        return " ".join(self.words)


def forms(text: str, sentences: Sequence[Sentence], found: Iterable[Span]) -> list[Form]:
    """Every form in order of first mention; `sentences` are those of `text`."""
    by_key: dict[str, Form] = {}
    for span in found:
        sentence = sentences[span.sentence]
        start, end = sentence.place(*_core(sentence.words, span))
        surface = " ".join(text[start:end].split())
        # Of "Mr ." only a stop is left, and folding takes that too.
        key = fold(surface) or surface
        form = by_key.setdefault(key, Form(tuple(key.split()), span.type))
        form.spans.append(span)
        form.surfaces.append(surface)
    for form in by_key.values():
        types = [span.type for span in form.spans]
        form.type = max(sorted(set(types)), key=types.count)
    return list(by_key.values())


def _core(words: Sequence[str], span: Span) -> tuple[int, int]:
    """The span without what is no part of the name, unless nothing else is left."""
    first, last = span.first, span.last
    outside = {PER: _HONORIFICS, ORG: _ARTICLE, LOC: _ARTICLE}.get(span.type, frozenset())
    while first < last - 1 and _bare(words[first]) in outside:
        first += 1
    while span.type == ORG and first < last - 1 and _bare(words[last - 1]) in _LEGAL:
        last -= 1
    return first, last


def _bare(word: str) -> str:
    return word.lower().rstrip(".")
