"""Small charts as numbers: where the bars of an inline SVG stand. Coordinates are per mille of the width."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

__all__ = ["HEIGHT", "WIDTH", "Bar", "Coverage", "bars", "coverage", "series"]

WIDTH, HEIGHT = 1000, 100
_GAP = 0.25
_LEAST = 8.0
_FULL = 4
_LANES = 8
_TICK = 7.0


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, and how many things it stands for from when on."""

    x: float
    y: float
    width: float
    height: float
    count: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Coverage:
    """When a story was covered: all articles in bars, and each outlet's as ticks in a lane of its own.

    Outlets are those with most articles; `others` counts the lanes left out.
    """

    begin: datetime
    end: datetime
    bars: tuple[Bar, ...]
    lanes: tuple[tuple[str, tuple[Bar, ...]], ...]
    others: int


def bars(times: Sequence[datetime], begin: datetime, end: datetime, count: int) -> tuple[Bar, ...]:
    """How many of `times` fall into each of `count` equal parts from `begin` to `end`; empty parts have no bar."""
    length = max((end - begin).total_seconds(), 1.0)
    counts: dict[int, int] = {}
    for at in times:
        part = int((at - begin).total_seconds() / length * count)
        if 0 <= part <= count:
            counts[min(part, count - 1)] = counts.get(min(part, count - 1), 0) + 1
    return series([counts.get(part, 0) for part in range(count)], begin, timedelta(seconds=length / count))


def series(values: Sequence[int], begin: datetime, step: timedelta) -> tuple[Bar, ...]:
    """Values, one every `step`, as bars as high as they are large; zeros have no bar, and one alone does not tower."""
    most, width = max([*values, _FULL]), WIDTH / max(len(values), 1)
    found = []
    for part, value in enumerate(values):
        if value > 0:
            height = max(_LEAST, HEIGHT * value / most)
            x, y = part * width + width * _GAP / 2, HEIGHT - height
            found.append(
                Bar(
                    round(x, 1), round(y, 1), round(width * (1 - _GAP), 1), round(height, 1), value, begin + part * step
                )
            )
    return tuple(found)


def coverage(times: Mapping[str, Sequence[datetime]], *, parts: int = 48) -> Coverage | None:
    """The coverage of a story by outlet; None when there are no articles."""
    every = sorted(at for seen in times.values() for at in seen)
    if not every:
        return None
    begin, end = every[0], every[-1]
    ranked = sorted(times.items(), key=lambda item: (-len(item[1]), item[0]))
    lanes = tuple((outlet, tuple(_tick(at, begin, end) for at in sorted(seen))) for outlet, seen in ranked[:_LANES])
    return Coverage(begin, end, bars(every, begin, end, parts), lanes, max(0, len(ranked) - _LANES))


def _tick(at: datetime, begin: datetime, end: datetime) -> Bar:
    length = max((end - begin).total_seconds(), 1.0)
    x = (at - begin).total_seconds() / length * (WIDTH - _TICK)
    return Bar(round(x, 1), 0, _TICK, HEIGHT, 1, at)
