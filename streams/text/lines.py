"""What the line model sees: one row of numbers a line, the line itself and its surroundings."""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streams.text.line_cues import CUES, STOP_WORDS, cues_of

__all__ = ["FEATURES", "features"]

Matrix = NDArray[np.float64]
Vector = NDArray[np.float64]

# A line's head and tail tell what it is; long paragraphs are not read to the end.
_READ = 400
_TAIL = 80

_WORD = re.compile(r"\w+")
_ENDS_SENTENCE = re.compile(r"[.!?…。！？:;][\"'”’»)\]]*$")
_SENTENCE = re.compile(r"[.!?…。！？][\"'”’»)]*(?=\s|$)")
_QUOTE = re.compile(r"[\"“”„«»‘]")
_ADDRESS = re.compile(r"https?://|www\.|[@#]\w\w|\.(?:com|org|net)\b")
_DIGIT = re.compile(r"\d")
_TERMINAL = re.compile(r"[.!?…。！？]")
_SEPARATOR = re.compile(r"[|»›•·>→▶✓★©®–—-]")
_BULLET = re.compile(r"(?:[-*•·–—▪◦►>]|\d{1,2}[.)])\s")
_BY = re.compile(r"(?:by|von|par|por|di)\s+[A-ZÀ-Þ]", re.IGNORECASE)
_DATE = re.compile(
    r"\b(?:(?:19|20)\d\d\b|\d{1,2}[:h]\d\d\b|\d{1,2}[/.]\d{1,2}[/.]\d\d"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.? \d)"
)

_OWN = 19
_LINE = _OWN + len(CUES)
# Columns of a line's own row that its neighbours see too: size, stop words, capitals, sentence end, sentences.
_SHOWN = (0, 2, 3, 5, 6)
_JUNK_CUES = slice(_OWN, _LINE - 1)
FEATURES = _LINE + 4 + 7 + 5 + 4 * (len(_SHOWN) + 2)
"""Columns of the matrix."""

_FAR = 50
_PROSE_CHARS, _PROSE_STOPS = 80, 0.2


def features(lines: Sequence[str]) -> Matrix:
    """Feature matrix [lines, FEATURES] for non-empty, stripped lines."""
    own = _own_rows(lines)
    chars = np.array([len(line) for line in lines], dtype=np.float64)
    prose = ((chars >= _PROSE_CHARS) & (own[:, 2] >= _PROSE_STOPS) & (own[:, 5] > 0)).astype(np.float64)
    junk = own[:, _JUNK_CUES].max(axis=1)
    shown = np.concatenate([own[:, _SHOWN], prose[:, None], junk[:, None]], axis=1)
    neighbours = [_shifted(shown, by) for by in (1, -1, 2, -2)]
    parts = [own, _position(chars), _surroundings(chars, prose), _density(chars, prose, junk), *neighbours]
    return np.concatenate(parts, axis=1)


def _own_rows(lines: Sequence[str]) -> Matrix:
    seen: dict[str, int] = {}
    for line in lines:
        seen[line] = seen.get(line, 0) + 1
    rows = [[*_shape(line), float(seen[line] > 1), *_marks(line)] for line in lines]
    return np.array(rows, dtype=np.float64)


def _shape(line: str) -> list[float]:
    head = line[:_READ]
    words = _WORD.findall(head)
    count = len(words) or 1
    initials = [word[0] for word in words]
    sentences = len(_SENTENCE.findall(head)) if _TERMINAL.search(head) else 0
    return [
        math.log1p(len(line)),
        math.log1p(len(words) * len(line) / len(head)),
        sum(map(STOP_WORDS.__contains__, _WORD.findall(head.lower()))) / count,
        sum(map(str.isupper, initials)) / count,
        sum(map(str.isdigit, initials)) / count,
        1.0 if _ENDS_SENTENCE.search(line, max(0, len(line) - 8)) else 0.0,
        min(sentences, 8) / 8,
        10 * sentences / count,
        10 * head.count(",") / count,
        1.0 if head.isupper() else 0.0,
        len(head) / count / 10,
    ]


def _marks(line: str) -> list[float]:
    seen = line if len(line) <= _READ // 2 + _TAIL else f"{line[: _READ // 2]} \n {line[-_TAIL:]}"
    lower = seen.lower()
    marks = [pattern.search(lower) is not None for pattern in (_QUOTE, _ADDRESS, _SEPARATOR)]
    marks.append(_DIGIT.search(lower) is not None and _DATE.search(lower) is not None)
    marks += [pattern.match(seen) is not None for pattern in (_BULLET, _BY)]
    return [*map(float, marks), float("©" in seen), *cues_of(lower, set(_WORD.findall(lower)))]


def _position(chars: Vector) -> Matrix:
    count = len(chars)
    index = np.arange(count)
    done = np.cumsum(chars) / max(1.0, float(chars.sum()))
    return np.stack([index / max(1, count - 1), done, np.log1p(index), np.log1p(count - 1 - index)], axis=1)


def _surroundings(chars: Vector, prose: Vector) -> Matrix:
    """Distances to the nearest prose line and to the densest run of prose."""
    count = len(chars)
    index = np.arange(count)
    good = np.flatnonzero(prose)
    if not len(good):
        none = np.zeros(count)
        far = np.full(count, math.log1p(_FAR))
        return np.stack([far, far, none, none, none, none, prose], axis=1)
    after, before = np.searchsorted(good, index, "left"), np.searchsorted(good, index, "right") - 1
    to_next = np.where(after < len(good), good[np.minimum(after, len(good) - 1)] - index, _FAR)
    to_last = np.where(before >= 0, index - good[np.maximum(before, 0)], _FAR)
    first, last = _densest_run(chars, prose)
    columns = [
        np.log1p(np.minimum(to_next, _FAR)),
        np.log1p(np.minimum(to_last, _FAR)),
        (index >= good[0]) & (index <= good[-1]),
        (index >= first) & (index <= last),
        np.log1p(np.maximum(first - index, 0)),
        np.log1p(np.maximum(index - last, 0)),
        prose,
    ]
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _densest_run(chars: Vector, prose: Vector) -> tuple[int, int]:
    """First and last line of the run with the largest score: prose counts by size, the rest -0.6 a line."""
    scores = np.where(prose > 0, np.minimum(chars, 400) / 100, -0.6).tolist()
    best = run = -math.inf
    first = last = start = 0
    for number, score in enumerate(scores):
        if run < 0:
            run, start = 0.0, number
        run += score
        if run > best:
            best, first, last = run, start, number
    return first, last


def _density(chars: Vector, prose: Vector, junk: Vector) -> Matrix:
    weight = np.maximum(chars, 1)
    columns = [_window(prose * chars, w) / np.maximum(_window(weight, w), 1) for w in (2, 5, 12)]
    columns += [_window(junk, w) / np.minimum(2 * w + 1, len(chars)) for w in (2, 5)]
    return np.stack(columns, axis=1)


def _window(values: Vector, reach: int) -> Vector:
    """Sum over each line and `reach` lines to both sides."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    index = np.arange(len(values))
    sums: Vector = total[np.minimum(index + reach + 1, len(values))] - total[np.maximum(index - reach, 0)]
    return sums


def _shifted(rows: Matrix, by: int) -> Matrix:
    """Row i of the result is row i - by, zeros outside."""
    out = np.zeros_like(rows)
    if by > 0:
        out[by:] = rows[:-by]
    else:
        out[:by] = rows[-by:]
    return out
