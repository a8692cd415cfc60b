"""Dead letters counted. Pure."""

from collections import Counter
from dataclasses import dataclass, field

from streams.dlq.selection import Letter

__all__ = ["Stats"]


@dataclass(slots=True)
class Stats:
    """Letters by stage and reason, and by the hour (UTC) of their records."""

    total: int = 0
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    hours: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)

    def count(self, letter: Letter) -> None:
        """One more letter."""
        self.total += 1
        self.reasons[letter.view.stage, letter.view.reason] += 1
        self.hours[letter.at.strftime("%Y-%m-%dT%H:00Z")] += 1
        self.states[letter.state] += 1

    def as_json(self) -> dict[str, object]:
        """Plain data, the most frequent first and hours in order."""
        reasons = [
            {"stage": stage, "reason": reason, "letters": n} for (stage, reason), n in self.reasons.most_common()
        ]
        return {
            "letters": self.total,
            "states": dict(self.states.most_common()),
            "reasons": reasons,
            "hours": dict(sorted(self.hours.items())),
        }
