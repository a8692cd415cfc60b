"""Raw text to clean lines, one a paragraph; lines broken at a fixed width are joined again."""

import html
import itertools
import re
import unicodedata

__all__ = ["clean_characters", "paragraph_lines"]

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BREAK = re.compile(r"\r\n?|[\n\x0b\x0c\x85\u2028\u2029]")
# Invisible, and never part of a word's spelling; joiners (U+200C, U+200D) are.
_INVISIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u2060\ufeff\ufffe\uffff]")

# Normalization sorts stacked combining marks in quadratic time; UAX 15 (stream-safe text) allows 30, languages use 5.
_MAX_STACKED = 30
_SYMBOLS = re.compile(r"[^\w\s\x00-\x7f]{31,}")

_MIN_WIDTH, _MAX_WIDTH = 45, 110
_MIN_BREAKS = 4
_MIN_SHARE = 0.8


def clean_characters(text: str) -> str:
    """NFC without invisible characters; entities that survived as text are resolved."""
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    text = _INVISIBLE.sub("", text)
    return unicodedata.normalize("NFC", text if text.isascii() else _SYMBOLS.sub(_without_stacks, text))


def _without_stacks(run: re.Match[str]) -> str:
    kept: list[str] = []
    stacked = 0
    for char in run[0]:
        stacked = stacked + 1 if unicodedata.combining(char) else 0
        if stacked <= _MAX_STACKED:
            kept.append(char)
    return "".join(kept)


def paragraph_lines(text: str) -> list[str]:
    """Non-empty lines of clean text, spaces collapsed, each a paragraph or a line of its own."""
    blocks: list[list[str]] = [[]]
    for raw in _BREAK.split(text):
        line = " ".join(raw.split())
        if line:
            blocks[-1].append(line)
        elif blocks[-1]:
            blocks.append([])
    width = _wrap_width(blocks)
    if width is None:
        return [line for block in blocks for line in block]
    return [line for block in blocks for line in _joined(block, width)]


def _wrap_width(blocks: list[list[str]]) -> int | None:
    """The width the text was wrapped at, None when it was not.

    In wrapped text the next line's first word would not have fit on this one.
    """
    pairs = [pair for block in blocks for pair in itertools.pairwise(block)]
    width = max((len(first) for first, _ in pairs), default=0)
    if len(pairs) < _MIN_BREAKS or not _MIN_WIDTH <= width <= _MAX_WIDTH:
        return None
    forced = sum(_is_forced(first, second, width) for first, second in pairs)
    return width if forced >= _MIN_SHARE * len(pairs) else None


def _is_forced(line: str, following: str, width: int) -> bool:
    return len(line) + 1 + len(following.split(" ", 1)[0]) > width


def _joined(block: list[str], width: int) -> list[str]:
    joined = [[block[0]]] if block else []
    for previous, line in itertools.pairwise(block):
        if _is_forced(previous, line, width):
            joined[-1].append(line)
        else:
            joined.append([line])
    return [" ".join(lines) for lines in joined]
