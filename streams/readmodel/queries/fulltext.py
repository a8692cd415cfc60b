"""What people type into a search field, as an FTS5 expression that never fails to parse."""

import re

__all__ = ["match_of"]

_MAX_TEXT = 512
_MAX_TERMS = 16
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|(\S+))')
_WORDS = re.compile(r"\w+")


def match_of(text: str) -> str | None:
    """Terms that must all occur; None when `text` has none.

    `"two words"` stand together, `-word` must not occur, `word*` is a beginning. All else is
    taken literally. At most 512 characters and 16 terms are read.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for minus, phrase, word in _TERM.findall(text[:_MAX_TEXT])[:_MAX_TERMS]:
        words = _WORDS.findall(phrase or word)
        if words:
            # The index cuts words where we do not: quoted, a term is a phrase of what it cuts it into.
            quoted = '"' + " ".join(words) + '"' + ("*" if word.endswith("*") else "")
            (unwanted if minus else wanted).append(quoted)
    if not wanted:
        return None
    expression = " AND ".join(wanted)
    return f"({expression}) NOT ({' OR '.join(unwanted)})" if unwanted else expression
