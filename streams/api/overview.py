"""Entities, sources, the pipeline at a glance, and what happened to one thing."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import AwareDatetime, BaseModel

from schemas import EntityType
from streams import clock
from streams.api.answers import PROBLEMS, answer, missing
from streams.api.parameters import Cursor, Limit
from streams.api.services import ServicesOf
from streams.readmodel import queries
from streams.readmodel.results import DeadLetterCount, EntityCount, Minute, Page, SourceCount, Trace

__all__ = ["Pipeline", "router"]

router = APIRouter(prefix="/v1", tags=["overview"], responses=PROBLEMS)

_MAX_ASKED = 8192


class Pipeline(BaseModel):
    """How it goes: what there is, how level the read model is, dead letters, and records a minute by topic."""

    at: AwareDatetime
    totals: dict[str, int]
    lag_records: int | None
    behind_s: float | None
    dead_letters: list[DeadLetterCount]
    minutes: list[Minute]


@router.get("/entities", response_model=Page[EntityCount])
async def entities(
    request: Request,
    services: ServicesOf,
    type: Annotated[EntityType | None, Query()] = None,  # noqa: A002 - the parameter's name
    name: Annotated[str | None, Query(min_length=1, max_length=200, description="How the name begins.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Entities, those that most articles name first."""
    return answer(
        request, await services.reader.ask(queries.entities, kind=type, name=name, limit=limit, cursor=cursor)
    )


@router.get("/sources", response_model=Page[SourceCount])
async def sources(request: Request, services: ServicesOf, limit: Limit = 100, cursor: Cursor = None) -> Response:
    """Sources by id: how many articles and duplicates came from each, and when the last did."""
    return answer(request, await services.reader.ask(queries.sources, limit=limit, cursor=cursor))


@router.get("/pipeline", response_model=Pipeline)
async def pipeline(
    request: Request, services: ServicesOf, minutes: Annotated[int, Query(ge=1, le=24 * 60)] = 60
) -> Response:
    """The pipeline at a glance, over the last whole minutes."""
    at, standing = clock.now(), services.standing()
    return answer(
        request,
        Pipeline(
            at=at,
            totals=await services.reader.ask(queries.totals),
            lag_records=standing.lag,
            behind_s=services.behind_s(),
            dead_letters=await services.reader.ask(queries.dead_letters),
            minutes=await services.reader.ask(queries.throughput, until=at, minutes=minutes),
        ),
    )


@router.get("/trace/{what:path}", response_model=Trace)
async def trace(request: Request, services: ServicesOf, what: Annotated[str, Path(max_length=_MAX_ASKED)]) -> Response:
    """All that happened to a document, an article, a story, or a URL, which may stand here as it is."""
    asked = f"{what}?{request.url.query}" if request.url.query else what
    found = await services.reader.ask(queries.trace, asked)
    if found is None:
        raise missing("trace of", asked)
    return answer(request, found)
