"""The sources as a table: what is configured beside how it went. Pure."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from schemas import SourceConfig, SourceState

__all__ = ["Row", "latest", "rows"]


@dataclass(frozen=True, slots=True)
class Row:
    """One source; times are None and counts 0 for what has not happened."""

    source_id: str
    url: str
    enabled: bool
    name: str | None = None
    outcome: str | None = None
    detail: str | None = None
    next_at: datetime | None = None
    polled_at: datetime | None = None
    interval_s: float | None = None
    polls: int = 0
    pushed: int = 0
    failure_score: float = 0.0
    moved_from: str | None = None

    @property
    def failing(self) -> bool:
        """Whether its last polls brought no feed."""
        return self.failure_score > 0

    @property
    def standing(self) -> str:
        """In a word: off, waiting for its first poll, gone, failing, or the outcome of the last poll."""
        if not self.enabled:
            return "off"
        if self.outcome in (None, "gone"):
            return self.outcome or "waiting"
        return "failing" if self.failing else str(self.outcome)

    def as_json(self) -> dict[str, Any]:
        """The row as plain data."""
        return {**asdict(self), "standing": self.standing}


def rows(catalogue: Mapping[str, SourceConfig], states: Mapping[str, SourceState]) -> list[Row]:
    """A row for each source of the catalogue, by id."""
    return [_row(catalogue[source_id], states.get(source_id)) for source_id in sorted(catalogue)]


def _row(config: SourceConfig, state: SourceState | None) -> Row:
    if state is None or state.configured_url != config.url:
        return Row(config.source_id, config.url, config.enabled, config.name)
    return Row(
        source_id=config.source_id,
        url=state.url,
        enabled=config.enabled,
        name=config.name,
        outcome=state.outcome,
        detail=state.detail,
        next_at=state.next_at,
        polled_at=state.polled_at,
        interval_s=state.interval_s,
        polls=state.polls,
        pushed=state.pushed,
        failure_score=state.failure_score,
        moved_from=config.url if state.url != config.url else None,
    )


def latest(table: list[Row], count: int) -> list[Row]:
    """Those that were polled last, the latest first; then those that never were."""
    polled = sorted((row for row in table if row.polled_at is not None), key=_polled_at, reverse=True)
    return [*polled, *(row for row in table if row.polled_at is None)][:count]


def _polled_at(row: Row) -> float:
    return row.polled_at.timestamp() if row.polled_at else 0.0
