"""Health, readiness and metrics."""

from collections import Counter
from typing import Final, get_args

from fastapi import APIRouter, Response
from pydantic import BaseModel

from streams import clock
from streams.api.answers import PROBLEMS
from streams.api.pages.pipeline import stage_views
from streams.api.problems import ProblemError
from streams.api.services import READY_S, Services, ServicesOf
from streams.outcome import DeadReason
from streams.readmodel import queries
from streams.telemetry.metrics import (
    CONTENT_TYPE,
    DEAD_LETTERS,
    GROUP_LAG_RECORDS,
    GROUP_LAG_SECONDS,
    READ_MODEL_APPLIED,
    READ_MODEL_BEHIND_SECONDS,
    READ_MODEL_LAG_RECORDS,
    READ_MODEL_WRITES,
    exposition,
)

__all__ = ["Health", "router"]

_REASONS: Final = frozenset(get_args(DeadReason))

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """`ok`, and how level the read model is where that was asked."""

    status: str
    lag_records: int | None = None
    behind_s: float | None = None


@router.get("/healthz")
async def healthz() -> Health:
    """Whether the process answers."""
    return Health(status="ok")


@router.get("/readyz", responses=PROBLEMS)
async def readyz(services: ServicesOf) -> Health:
    """Whether the read model was level with the topics within the last quarter of a minute."""
    lag, behind = services.standing().lag, services.behind_s()
    if lag is None or behind is None or behind > READY_S:
        detail = "the broker does not answer" if lag is None else f"{lag} records behind"
        raise ProblemError(503, "warming_up", detail, headers={"Retry-After": "1"})
    return Health(status="ok", lag_records=lag, behind_s=behind)


@router.get("/metrics", response_class=Response)
async def metrics(services: ServicesOf) -> Response:
    """Prometheus metrics of this process, in text."""
    standing, behind = services.standing(), services.behind_s()
    READ_MODEL_LAG_RECORDS.set(float("nan") if standing.lag is None else standing.lag)
    READ_MODEL_BEHIND_SECONDS.set(float("nan") if behind is None else behind)
    READ_MODEL_APPLIED.set(standing.applied)
    READ_MODEL_WRITES.set(standing.writes)
    await _pipeline(services)
    return Response(exposition("api"), media_type=CONTENT_TYPE)


async def _pipeline(services: Services) -> None:
    """What the broker and the read model know of the stages, whether or not a worker runs."""
    views = await stage_views(services, clock.now()) or ()
    letters: Counter[tuple[str, str]] = Counter()
    for each in await services.reader.ask(queries.dead_letters):
        # Anybody may write a record with a reason of his own.
        letters[each.stage, each.reason if each.reason in _REASONS else "other"] += each.records
    GROUP_LAG_RECORDS.clear()
    GROUP_LAG_SECONDS.clear()
    DEAD_LETTERS.clear()
    for view in views:
        GROUP_LAG_RECORDS.labels(view.name).set(view.records)
        GROUP_LAG_SECONDS.labels(view.name).set(float("nan") if view.waiting_s is None else view.waiting_s)
    for (stage, reason), count in letters.items():
        DEAD_LETTERS.labels(stage, reason).set(count)
