"""Points at which a fault may be put into a worker, to show that it does not matter.

`NEWSLOOM_FAILPOINT=STAGE:POINT:N[:SIGNAL]` sends SIGNAL (KILL by default, STOP for a zombie) to
the worker itself when STAGE reaches POINT for the Nth time. Points, in the order of a batch:

    read      the batch is taken, nothing is done
    output    half of its outputs are acknowledged
    outputs   all of them are
    face      the public tables are written, the state is not
    table     the state's batch is in the changelog, not yet in the local store
    commit    all is done but the acknowledgement of the input
"""

import os
import signal
from collections import Counter
from typing import Final, Literal, Self, get_args

from streams.errors import UsageError

__all__ = ["POINTS", "Failpoint", "Point"]

Point = Literal["read", "output", "outputs", "face", "table", "commit"]

POINTS: Final[tuple[Point, ...]] = get_args(Point)


class Failpoint:
    """Counts how often each point was reached; `reach` does not return where the fault is KILL."""

    def __init__(self, point: str = "", number: int = 0, fault: signal.Signals = signal.SIGKILL) -> None:
        self._armed = point
        self._number = number
        self._fault = fault
        self._reached: Counter[str] = Counter()

    @classmethod
    def of(cls, setting: str, stage: str) -> Self:
        """The failpoint of `stage` in the setting; one that never fires when it names another stage or none."""
        name, *rest = setting.split(":")
        if name != stage:
            return cls()
        try:
            point, number, *fault = rest
            return cls(POINTS[POINTS.index(point)], int(number), signal.Signals[f"SIG{(*fault, 'KILL')[0]}"])
        except (ValueError, KeyError) as error:
            raise UsageError(
                f"failpoint {setting!r} is not STAGE:POINT:N[:SIGNAL], POINT of {', '.join(POINTS)}"
            ) from error

    def armed(self, point: Point) -> bool:
        """Whether the fault is at `point`."""
        return point == self._armed

    def reach(self, point: Point) -> None:
        """Note that the stage is at `point`, and fail if that is what was asked for."""
        self._reached[point] += 1
        if self.armed(point) and self._reached[point] == self._number:
            os.kill(os.getpid(), self._fault)
