"""The pipeline at a glance: what each stage has before it, in records and in seconds."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from streams.api.pages.chart import Bar, series
from streams.api.services import Services
from streams.edge.admin import StageLag, stage_lags
from streams.errors import BrokerError
from streams.readmodel import queries
from streams.readmodel.followed import MODELS
from streams.readmodel.queries.coverage import at_offsets
from streams.readmodel.results import DeadLetterCount, Minute
from streams.topology import TOPOLOGY

__all__ = ["Flow", "PipelineView", "StageView", "flows", "pipeline_view", "stage_views", "stages"]

_MINUTES = 60
_PATIENCE_S = 3.0
_SHORT = {topic.name: short for short, topic in MODELS.items()}

Place = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """Records a minute of one topic: the last whole minute's, the hour's, and a chart of it."""

    name: str
    last: int
    hour: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class StageView:
    """A stage's lag: records it has yet to commit, and how long the oldest of them has been waiting.

    `waiting_s` is None when that record is not in the read model yet.
    """

    name: str
    reads: str
    records: int
    waiting_s: float | None


@dataclass(frozen=True, slots=True)
class PipelineView:
    """All of it; `stages` is None when the broker does not answer."""

    stages: tuple[StageView, ...] | None
    flows: tuple[Flow, ...]
    letters: Sequence[DeadLetterCount]
    totals: dict[str, int]
    behind_s: float | None
    lag_records: int | None


async def pipeline_view(services: Services, now: datetime) -> PipelineView:
    """How the pipeline does at the instant `now`."""
    minutes = await services.reader.ask(queries.throughput, until=now, minutes=_MINUTES)
    return PipelineView(
        stages=await stage_views(services, now),
        flows=flows(minutes),
        letters=await services.reader.ask(queries.dead_letters),
        totals=await services.reader.ask(queries.totals),
        behind_s=services.behind_s(),
        lag_records=services.standing().lag,
    )


def flows(minutes: Sequence[Minute]) -> tuple[Flow, ...]:
    """Throughput of the public topics, in the order of the flow."""
    found = []
    for name in MODELS:
        counts = [minute.records.get(name, 0) for minute in minutes]
        charted = series(counts, minutes[0].at, timedelta(minutes=1)) if minutes else ()
        found.append(Flow(name, counts[-1] if counts else 0, sum(counts), charted))
    return tuple(found)


async def stage_views(services: Services, now: datetime) -> tuple[StageView, ...] | None:
    """The lag of each stage at the instant `now`; None when the broker does not say within seconds."""
    if services.streams is None:
        return None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            lags = await stage_lags(services.streams.endpoint, services.settings)
    except (BrokerError, TimeoutError):
        return None
    known = await services.reader.ask(at_offsets, [place for lag in lags for place in _oldest(lag)])
    return stages(lags, known, now)


def stages(lags: Sequence[StageLag], known: dict[Place, datetime], now: datetime) -> tuple[StageView, ...]:
    """Lags with the time that the oldest waiting record has waited, where it is `known` when it came."""
    reads = {stage.name: stage.reads.name for stage in TOPOLOGY}
    found = []
    for lag in lags:
        times = [known[place] for place in _oldest(lag) if place in known]
        waiting = max((now - min(times)).total_seconds(), 0.0) if times else (None if lag.total else 0.0)
        found.append(StageView(lag.stage, reads[lag.stage], lag.total, waiting))
    return tuple(found)


def _oldest(lag: StageLag) -> list[Place]:
    """The next record to commit of each partition that has any."""
    short = {stage.name: _SHORT[stage.reads.name] for stage in TOPOLOGY}[lag.stage]
    behind = zip(lag.partitions, lag.committed, strict=True)
    return [(short, number, at) for number, (count, at) in enumerate(behind) if count > 0]
