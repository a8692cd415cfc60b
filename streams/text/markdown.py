"""Markdown to the plain text it stands for: words stay, marks and addresses go."""

import re

__all__ = ["without_markup"]

# No class below reaches over a mark of its own kind, so that each pass is linear.
_IMAGE = re.compile(r"!\[[^\[\]\n]{0,300}\]\([^()\n]{0,1000}\)")
_LINK = re.compile(r"\[([^\[\]\n]{1,300})\](?:\([^()\n]{0,1000}\)|\[[^\[\]\n]{0,300}\])")
_ADDRESS = re.compile(r"<(https?://[^<>\s]{1,1000})>")
_EMPHASIS = re.compile(r"(?<![\w*_])(\*{1,3}|_{1,3})(?=[^\s*_])([^*_\n]{1,500})(?<=[^\s*_])\1(?![\w*_])")
_QUOTE = re.compile(r"^ {0,3}(?:> ?)+", re.MULTILINE)
_FENCE = re.compile(r"^ {0,3}(?:```|~~~)[^\n]{0,100}$", re.MULTILINE)
_HEADING = re.compile(r"^ {0,3}#{1,6} +(\S[^\n]*)$", re.MULTILINE)
_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!>-])")


def without_markup(text: str) -> str:
    """`text` without Markdown's marks; the first heading keeps its `#`, by which `read_plain` knows the title."""
    for pattern, kept in (
        (_IMAGE, ""),
        (_LINK, r"\1"),
        (_ADDRESS, r"\1"),
        (_EMPHASIS, r"\2"),
        (_QUOTE, ""),
        (_FENCE, ""),
    ):
        text = pattern.sub(kept, text)
    first = _HEADING.search(text)
    if first is not None:
        text = text[: first.end()] + _HEADING.sub(_heading, text[first.end() :])
    return _ESCAPED.sub(r"\1", text)


def _heading(match: re.Match[str]) -> str:
    words, _, closing = match[1].rstrip().rpartition(" ")
    return words.rstrip() if words and not closing.strip("#") else match[1]
