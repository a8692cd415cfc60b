"""How a text begins: what people see in place of a title that is not there."""

from streams.text.entities.sentences import sentences

__all__ = ["opening"]

_MOST = 80


def opening(text: str) -> str:
    """The first sentence in one line, cut at a word when it has more than 80 characters; empty for an empty text."""
    line = " ".join(text[: 4 * _MOST].split())
    if not line:
        return ""
    (first, *_) = sentences(line)
    said = line[slice(*first.place(0, len(first.words)))]
    if len(said) <= _MOST:
        return said
    # Some languages have no spaces.
    return (said[: _MOST + 1].rpartition(" ")[0] or said[:_MOST]) + "…"
