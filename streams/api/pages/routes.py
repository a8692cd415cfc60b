"""The pages: front, story, article, entity, search, trace and pipeline, and the three files they load."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.responses import RedirectResponse

from streams import clock
from streams.api.answers import missing
from streams.api.pages import loading
from streams.api.pages.marks import marked, paragraphs
from streams.api.pages.pipeline import pipeline_view
from streams.api.pages.rendering import STATIC, PageRoute, packed, page, static_file
from streams.api.parameters import Cursor, Language
from streams.api.services import ServicesOf
from streams.readmodel import queries

__all__ = ["router"]

router = APIRouter(route_class=PageRoute, include_in_schema=False)

Id = Annotated[str, Path(max_length=128)]
Order = Literal["hot", "latest", "size"]

_FOREVER = "public, max-age=31536000, immutable"
_MAX_ASKED = 8192


@router.get("/")
async def front(
    request: Request, services: ServicesOf, sort: Order = "hot", language: Language = None, cursor: Cursor = None
) -> Response:
    """Stories, live."""
    found = await services.reader.ask(loading.front, sort=sort, language=language, cursor=cursor)
    return page(request, "front.html", front=found, sort=sort, language=language, first=cursor is None)


@router.get("/stories/{story_id}")
async def story(request: Request, services: ServicesOf, story_id: Id, cursor: Cursor = None) -> Response:
    """One story; the id of a merged one leads to where it went."""
    current = await services.reader.ask(queries.current_story, story_id)
    if current != story_id:
        return RedirectResponse(f"/stories/{current}", 308)
    found = await services.reader.ask(loading.story_view, story_id, cursor=cursor)
    if found is None:
        raise missing("story", story_id)
    return page(request, "story.html", view=found, first=cursor is None)


@router.get("/articles/{article_id}")
async def article(request: Request, services: ServicesOf, article_id: Id) -> Response:
    """One article, its entities marked in the text."""
    found = await services.reader.ask(loading.article_view, article_id)
    if found is None:
        raise missing("article", article_id)
    text = paragraphs(found.article.body_text, found.article.entities)
    return page(request, "article.html", view=found, text=text)


@router.get("/entities/{entity_id}")
async def entity(request: Request, services: ServicesOf, entity_id: Id) -> Response:
    """What there is about a person, a place, a group."""
    found = await services.reader.ask(loading.entity_view, entity_id)
    if found is None:
        raise missing("entity", entity_id)
    return page(request, "entity.html", view=found)


@router.get("/search")
async def search(
    request: Request, services: ServicesOf, q: Annotated[str, Query(max_length=512)] = "", cursor: Cursor = None
) -> Response:
    """A search over stories and articles; without words an empty form."""
    found = await services.reader.ask(loading.search_view, q, cursor=cursor) if q.strip() else None
    return page(request, "search.html", q=q, view=found, marked=marked)


@router.get("/trace/{what:path}")
async def trace(request: Request, services: ServicesOf, what: Annotated[str, Path(max_length=_MAX_ASKED)]) -> Response:
    """All that happened to one thing."""
    found = await services.reader.ask(queries.trace, what)
    if found is None:
        raise missing("trace of", what)
    return page(request, "trace.html", trace=found)


@router.get("/pipeline")
async def pipeline(request: Request, services: ServicesOf) -> Response:
    """How the pipeline does: throughput, lag, dead letters."""
    return page(request, "pipeline.html", view=await pipeline_view(services, clock.now()))


@router.get("/static/{name}")
async def static(request: Request, name: str) -> Response:
    """A file that pages load; its address changes with its content, so it is kept for ever."""
    if name not in STATIC:
        raise missing("file", name)
    return packed(request, static_file(name)[0], STATIC[name], {"Cache-Control": _FOREVER})
