"""Stories: lists, one, its members and its timeline. The id of a merged story redirects to where it is now."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from streams.api.answers import PROBLEMS, answer, missing
from streams.api.parameters import Cursor, Instant, Language, Limit, Name, Words
from streams.api.services import Services, ServicesOf
from streams.readmodel import queries
from streams.readmodel.queries.stories import Sort, Status
from streams.readmodel.results import Member, Page, StoryBrief, StoryFull, TimelineEntry

__all__ = ["router"]

router = APIRouter(prefix="/v1/stories", tags=["stories"], responses=PROBLEMS)

StoryId = Annotated[str, Path(max_length=128)]
_MOVED: dict[int | str, dict[str, Any]] = {308: {"description": "It was merged: `Location` is where it is now."}}


@router.get("", response_model=Page[StoryBrief])
async def stories(  # noqa: PLR0913, PLR0917 - a parameter each
    request: Request,
    services: ServicesOf,
    language: Language = None,
    source: Name = None,
    entity: Name = None,
    status: Annotated[Status, Query(description="`current` is active or closed.")] = "current",
    q: Words = None,
    articles: Annotated[int, Query(ge=1, le=2**31, description="At least so many articles.")] = 1,
    since: Instant = None,
    sort: Sort = "latest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Stories in an order; all filters must hold. `q` searches titles and entities."""
    wanted = queries.StoryFilter(
        language=language, source=source, entity=entity, status=status, q=q, min_articles=articles, since=since
    )
    return answer(request, await services.reader.ask(queries.stories, wanted, sort=sort, limit=limit, cursor=cursor))


@router.get("/{story_id}", response_model=StoryFull, responses=_MOVED)
async def story(request: Request, services: ServicesOf, story_id: StoryId) -> Response:
    """One story with its sources and the ids that lead to it."""
    if (moved := await _moved(request, services, story_id)) is not None:
        return moved
    found = await services.reader.ask(queries.story, story_id)
    if found is None:
        raise missing("story", story_id)
    return answer(request, found)


@router.get("/{story_id}/members", response_model=Page[Member], responses=_MOVED)
async def members(
    request: Request, services: ServicesOf, story_id: StoryId, limit: Limit = 50, cursor: Cursor = None
) -> Response:
    """Its articles, oldest first, duplicates folded under their originals."""
    if (moved := await _moved(request, services, story_id, "/members")) is not None:
        return moved
    found = await services.reader.ask(queries.members, story_id, limit=limit, cursor=cursor)
    if found is None:
        raise missing("story", story_id)
    return answer(request, found)


@router.get("/{story_id}/timeline", response_model=Page[TimelineEntry], responses=_MOVED)
async def timeline(
    request: Request, services: ServicesOf, story_id: StoryId, limit: Limit = 100, cursor: Cursor = None
) -> Response:
    """What happened to it and to the stories merged into it, in order."""
    if (moved := await _moved(request, services, story_id, "/timeline")) is not None:
        return moved
    found = await services.reader.ask(queries.timeline, story_id, limit=limit, cursor=cursor)
    if not found.items and cursor is None and await services.reader.ask(queries.story, story_id) is None:
        raise missing("story", story_id)
    return answer(request, found)


async def _moved(request: Request, services: Services, story_id: str, behind: str = "") -> Response | None:
    """308 to the story that `story_id` was merged into, with the same query; None when it was not."""
    current = await services.reader.ask(queries.current_story, story_id)
    if current == story_id:
        return None
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"/v1/stories/{current}{behind}{query}", 308)
