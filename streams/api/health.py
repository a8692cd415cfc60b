"""Health, readiness and metrics."""

from fastapi import APIRouter, Response
from pydantic import BaseModel

from streams.api.answers import PROBLEMS
from streams.api.problems import ProblemError
from streams.api.services import READY_S, ServicesOf
from streams.telemetry.metrics import (
    CONTENT_TYPE,
    READ_MODEL_APPLIED,
    READ_MODEL_BEHIND_SECONDS,
    READ_MODEL_LAG_RECORDS,
    READ_MODEL_WRITES,
    exposition,
)

__all__ = ["Health", "router"]

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
    return Response(exposition("api"), media_type=CONTENT_TYPE)
