"""How long a partition with records waiting sees no commit."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.edge.admin import StageLag

__all__ = ["Place", "Pulse"]

Place = tuple[str, int]
"""A stage and a partition of the topic it reads."""


@dataclass(slots=True)
class Pulse:
    """Fed with looks at the lag, by any clock of seconds; `longest` standstill so far, and `where` it was."""

    longest: float = 0.0
    where: Place | None = None
    _committed: dict[Place, int] = field(default_factory=dict)
    _since: dict[Place, float] = field(default_factory=dict)

    def beat(self, lags: Iterable[StageLag], now: float) -> None:
        """Take a look into account."""
        for lag in lags:
            for number, at in enumerate(lag.committed):
                place = (lag.stage, number)
                stood = now - self._since.setdefault(place, now)
                if stood > self.longest:
                    self.longest, self.where = stood, place
                if at != self._committed.get(place) or not lag.partitions[number]:
                    self._since[place] = now
                self._committed[place] = at
