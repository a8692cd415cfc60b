"""When so much of its input is parked that a stage should stop and ask, instead of going on so. Pure."""

from collections import Counter, deque
from collections.abc import Mapping

__all__ = ["AlarmError", "DeadWatch"]

_DEAD = "dead:"


class AlarmError(RuntimeError):
    """A stage parks too much of its input."""


class DeadWatch:
    """Watches the share of dead letters among the last outcomes of a stage.

    The window is `window` records, to the batch: the oldest batch goes once those behind it make a window.
    It trips when more than `ratio` of the window is dead, and that is a tenth of a full window at least: a few bad
    records at the start are no alarm. A ratio of 1 never trips.
    """

    def __init__(self, *, ratio: float, window: int) -> None:
        self._ratio = ratio
        self._window = window
        self._least = max(1, window // 10)
        self._seen: Counter[str] = Counter()
        self._batches: deque[Counter[str]] = deque()
        self._held: Counter[str] = Counter()

    @property
    def reasons(self) -> dict[str, int]:
        """Dead letters in the window by reason, the most frequent first."""
        dead = Counter({label.removeprefix(_DEAD): n for label, n in self._held.items() if label.startswith(_DEAD)})
        return dict((+dead).most_common())

    @property
    def size(self) -> int:
        """Records in the window."""
        return self._held.total()

    def look(self, labels: Mapping[str, int]) -> bool:
        """Take in what was counted since the last look, by outcome label; whether the watch has tripped."""
        batch = Counter({label: n - self._seen[label] for label, n in labels.items() if n > self._seen[label]})
        self._seen = Counter(labels)
        if batch:
            self._batches.append(batch)
            self._held += batch
        while self._batches and self.size - self._batches[0].total() >= self._window:
            self._held -= self._batches.popleft()
        dead = sum(self.reasons.values())
        return dead >= self._least and dead > self._ratio * self.size
