"""Articles: lists, one, and search."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from streams.api.answers import PROBLEMS, answer, missing
from streams.api.parameters import Cursor, Instant, Language, Limit, Name, Words
from streams.api.services import ServicesOf
from streams.readmodel import queries
from streams.readmodel.queries.articles import Sort
from streams.readmodel.results import ArticleBrief, ArticleFull, Hit, Page

__all__ = ["router"]

router = APIRouter(prefix="/v1", tags=["articles"], responses=PROBLEMS)


@router.get("/articles", response_model=Page[ArticleBrief])
async def articles(  # noqa: PLR0913, PLR0917 - a parameter each
    request: Request,
    services: ServicesOf,
    id: Annotated[list[str] | None, Query(max_length=100, description="Article ids.")] = None,  # noqa: A002
    url: Annotated[str | None, Query(max_length=8192, description="In any spelling of the canonical URL.")] = None,
    source: Name = None,
    language: Language = None,
    entity: Name = None,
    story: Name = None,
    q: Words = None,
    since: Instant = None,
    until: Instant = None,
    sort: Sort = "newest",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """Articles by when they were first seen; all filters must hold."""
    wanted = queries.ArticleFilter(
        ids=tuple(id or ()), url=url, source=source, language=language, entity=entity, story=story, q=q,
        since=since, until=until,
    )  # fmt: skip
    return answer(request, await services.reader.ask(queries.articles, wanted, sort=sort, limit=limit, cursor=cursor))


@router.get("/articles/{article_id}", response_model=ArticleFull)
async def article(
    request: Request,
    services: ServicesOf,
    article_id: Annotated[str, Path(max_length=128)],
    *,
    removed: Annotated[bool, Query(description="The boilerplate that was taken out, too.")] = False,
) -> Response:
    """One article with its text, what was found in it, and its duplicates."""
    found = await services.reader.ask(queries.article, article_id, removed=removed)
    if found is None:
        raise missing("article", article_id)
    return answer(request, found)


@router.get("/search", response_model=Page[Hit])
async def search(  # noqa: PLR0913, PLR0917 - a parameter each
    request: Request,
    services: ServicesOf,
    q: Annotated[str, Query(min_length=1, max_length=512, description="As `q` of articles.")],
    source: Name = None,
    language: Language = None,
    entity: Name = None,
    since: Instant = None,
    until: Instant = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response:
    """Articles by how well they fit, each with a snippet; the first thousand can be paged through."""
    wanted = queries.ArticleFilter(source=source, language=language, entity=entity, since=since, until=until)
    return answer(request, await services.reader.ask(queries.search, q, wanted, limit=limit, cursor=cursor))
