"""`/feeds`: stories, names and searches for feed readers, in RSS 2.0 and JSON Feed 1.1."""

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from typing import Annotated, Any, Literal, NamedTuple
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request, Response

from streams.api.answers import PROBLEMS, missing
from streams.api.parameters import Language
from streams.api.services import ServicesOf
from streams.api.syndication import (
    JSON_FEED,
    RSS,
    Channel,
    Entry,
    article_entry,
    json_feed,
    newest,
    rss,
    story_entry,
)
from streams.readmodel import queries
from streams.readmodel.queries.coverage import entity as entity_of
from streams.readmodel.results import ArticleBrief, StoryBrief

__all__ = ["router"]

_TYPES: dict[int | str, dict[str, Any]] = {200: {"content": {RSS: {}, JSON_FEED: {}}, "description": "The feed"}}
router = APIRouter(prefix="/feeds", tags=["feeds"], responses=PROBLEMS)

Form = Literal["rss", "json"]
_ITEMS = 50
_MAX_AGE_S = 60


class _Told(NamedTuple):
    """A story and how its main article begins."""

    story: StoryBrief
    summary: str


@router.get("/stories.{form}", response_class=Response, responses=_TYPES)
async def stories(request: Request, services: ServicesOf, form: Form, language: Language = None) -> Response:
    """The stories that grew last."""
    wanted = queries.StoryFilter(language=language)
    told = await services.reader.ask(_told, wanted)
    channel = _channel(request, "newsloom stories", "Stories as they form, of many sources.", "/")
    return _answer(request, form, channel, [story_entry(*each, _base(request)) for each in told])


@router.get("/entities/{entity_id}.{form}", response_class=Response, responses=_TYPES)
async def entity(
    request: Request, services: ServicesOf, entity_id: Annotated[str, Path(max_length=128)], form: Form
) -> Response:
    """The latest articles that name a person, a place, a group."""
    found = await services.reader.ask(_named, entity_id)
    if found is None:
        raise missing("entity", entity_id)
    name, articles = found
    channel = _channel(request, f"newsloom: {name}", f"Articles that name {name}.", f"/entities/{quote(entity_id)}")
    return _answer(request, form, channel, [article_entry(each, _base(request)) for each in articles])


@router.get("/search.{form}", response_class=Response, responses=_TYPES)
async def search(
    request: Request,
    services: ServicesOf,
    form: Form,
    q: Annotated[str, Query(min_length=1, max_length=512, description="As `q` of articles.")],
) -> Response:
    """The latest articles that have these words."""
    page = await services.reader.ask(queries.articles, queries.ArticleFilter(q=q), limit=_ITEMS)
    channel = _channel(request, f"newsloom: {q}", f"Articles found by “{q}”.", f"/search?q={quote(q)}")
    return _answer(request, form, channel, [article_entry(each, _base(request)) for each in page.items])


def _told(db: sqlite3.Connection, wanted: queries.StoryFilter) -> list[_Told]:
    found = queries.stories(db, wanted, sort="latest", limit=_ITEMS).items
    ids = tuple(dict.fromkeys(story.representative_article_id for story in found))
    briefs = queries.articles(db, queries.ArticleFilter(ids=ids), limit=len(ids)).items if ids else ()
    said = {brief.article_id: brief.summary for brief in briefs}
    return [_Told(story, said.get(story.representative_article_id, "")) for story in found]


def _named(db: sqlite3.Connection, entity_id: str) -> tuple[str, Sequence[ArticleBrief]] | None:
    if (found := entity_of(db, entity_id)) is None:
        return None
    return found[1], queries.articles(db, queries.ArticleFilter(entity=entity_id), limit=_ITEMS).items


def _base(request: Request) -> str:
    # The guard has let only names through that this server goes by.
    return str(request.base_url).rstrip("/")


def _channel(request: Request, title: str, description: str, page: str) -> Channel:
    return Channel(title, description, _base(request) + page, str(request.url))


def _answer(request: Request, form: Form, channel: Channel, entries: Sequence[Entry]) -> Response:
    body, media_type = (rss(channel, entries), RSS) if form == "rss" else (json_feed(channel, entries), JSON_FEED)
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"ETag": etag, "Cache-Control": f"max-age={_MAX_AGE_S}"}
    changed = newest(entries)
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed.astimezone(UTC), usegmt=True)
    if _known(request, etag, changed):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=media_type)


def _known(request: Request, etag: str, changed: datetime | None) -> bool:
    """Whether the reader has this already; its ETag counts before its date (RFC 9110, 13.2.2)."""
    if (given := request.headers.get("if-none-match")) is not None:
        return etag in [each.strip().removeprefix("W/") for each in given.split(",")]
    since = request.headers.get("if-modified-since")
    try:
        at = parsedate_to_datetime(since) if since else None
    except ValueError:
        return False
    return bool(at and at.tzinfo and changed and changed.replace(microsecond=0) <= at)
