"""How a running system is doing: what its workers report, and how far each stage is behind."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field

from streams.edge.admin import total_lag
from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.settings import Settings
from streams.telemetry.alive import report_of
from streams.topology import TOPOLOGY

__all__ = ["StageStatus", "Status", "read_status"]


@dataclass(frozen=True, slots=True)
class StageStatus:
    """One stage over all workers since they started.

    `per_s` is records a second since the previous status, `ms` the stage's own time a
    record. `lag` is records yet to commit, None when the broker does not say.
    """

    stage: str
    outcomes: Counter[str]
    per_s: float
    ms: float
    lag: int | None

    @property
    def records(self) -> int:
        """Records handled."""
        return self.outcomes.total()


@dataclass(frozen=True, slots=True)
class Status:
    """All stages at one moment; `workers` is how many have reported, `peak_mb` their memory at most, added up."""

    at: float
    workers: int
    peak_mb: float
    stages: tuple[StageStatus, ...] = field(default=())


async def read_status(endpoint: Endpoint, settings: Settings, before: Status | None = None) -> Status:
    """The status now; rates count from `before`."""
    try:
        lags: dict[str, int] = await total_lag(endpoint, settings)
    except BrokerError:
        lags = {}
    return combined([stats for slot in range(settings.workers) if (stats := _stats(settings, slot))], lags, before)


def _stats(settings: Settings, slot: int) -> dict[str, object] | None:
    try:
        found: dict[str, object] = json.loads(report_of(settings, f"worker-{slot}").read_text())
    except (OSError, ValueError):  # not started yet
        return None
    return found


def combined(
    reports: list[dict[str, object]], lags: dict[str, int], before: Status | None, *, at: float | None = None
) -> Status:
    """One status from the workers' reports (their `stats.json`)."""
    at = time.monotonic() if at is None else at
    known = {stage.stage: stage.records for stage in before.stages} if before else {}
    since = at - before.at if before else 0.0
    stages = []
    for stage in TOPOLOGY:
        parts = [report["stages"][stage.name] for report in reports if stage.name in report["stages"]]  # type: ignore[operator,index]
        outcomes: Counter[str] = sum((Counter(part["outcomes"]) for part in parts), Counter())
        busy = sum(part["busy_s"] for part in parts)
        # A worker that was started again counts from zero.
        fresh = max(0, outcomes.total() - known.get(stage.name, 0))
        per_s = fresh / since if since > 0 else 0.0
        ms = 1000 * busy / outcomes.total() if outcomes else 0.0
        stages.append(StageStatus(stage.name, outcomes, per_s, ms, lags.get(stage.name)))
    peak = sum(float(str(report.get("peak_rss_mb", 0))) for report in reports)
    return Status(at, len(reports), peak, tuple(stages))
