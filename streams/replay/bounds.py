"""From where to where: what was asked for, as offsets of each partition."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from schemas import ReplayRange
from streams.errors import UsageError

__all__ = ["Bound", "ranges_between"]

Bound = Literal["earliest", "now"] | int | datetime
"""An end of the log as it is now, an offset of every partition (negative: so many before its end), or an instant."""


def ranges_between(
    marks: Sequence[tuple[int, int]],
    begin: Bound,
    end: Bound,
    *,
    begin_at: Sequence[int | None] = (),
    end_at: Sequence[int | None] = (),
) -> tuple[ReplayRange, ...]:
    """A range for each partition; `end` is exclusive, and nothing lies beyond the high-water mark.

    `marks` are (low, high) of each partition. `begin_at` and `end_at` say, where a bound is an instant, the first
    offset appended then or later. UsageError when `end` lies before `begin` in the same terms.
    """
    if type(begin) is type(end) and not isinstance(begin, str) and begin > end and _same_side(begin, end):  # type: ignore[operator]
        raise UsageError(f"nothing lies between --from {begin} and --to {end}")
    ranges = []
    for number, (low, high) in enumerate(marks):
        first = _offset(begin, low, high, begin_at[number] if begin_at else None)
        last = max(first, _offset(end, low, high, end_at[number] if end_at else None))
        ranges.append(ReplayRange(partition=number, start=first, end=last, position=first))
    return tuple(ranges)


def _same_side(begin: Bound, end: Bound) -> bool:
    return not (isinstance(begin, int) and isinstance(end, int)) or (begin < 0) == (end < 0)


def _offset(bound: Bound, low: int, high: int, at: int | None) -> int:
    if bound == "earliest":
        return low
    if bound == "now":
        return high
    wanted = _from_instant(at, high) if isinstance(bound, datetime) else bound + (high if bound < 0 else 0)
    return min(max(wanted, low), high)


def _from_instant(at: int | None, high: int) -> int:
    return high if at is None else at
