"""What each page shows, asked of the read model in one snapshot."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from streams.api.pages.chart import Bar, Coverage, bars, coverage
from streams.readmodel import queries
from streams.readmodel.queries.coverage import coverage as seen_by_story
from streams.readmodel.queries.coverage import entity as entity_of
from streams.readmodel.queries.coverage import named_in_common
from streams.readmodel.queries.stories import Sort
from streams.readmodel.results import (
    ArticleBrief,
    ArticleFull,
    Hit,
    Member,
    Page,
    StoryBrief,
    StoryFull,
    TimelineEntry,
)

__all__ = [
    "ArticleView",
    "Card",
    "EntityView",
    "Front",
    "Outlet",
    "SearchView",
    "StoryView",
    "article_view",
    "entity_view",
    "front",
    "search_view",
    "story_view",
]

_STORIES = 30
_MEMBERS = 100
_EVENTS = 200
_HITS = 20
_SPARKS = 32
_SPARK_DAYS = 3
_NEIGHBOURS = 6


@dataclass(frozen=True, slots=True)
class Card:
    """A story in a list, how its main article begins, and its coverage over the last days."""

    story: StoryBrief
    summary: str
    sparks: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Front:
    """Stories in an order, and what there is in all."""

    cards: tuple[Card, ...]
    next: str | None
    totals: dict[str, int]


@dataclass(frozen=True, slots=True)
class Outlet:
    """Members of a story from one outlet, oldest first."""

    name: str
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class StoryView:
    """A story with its coverage, its members by outlet, and what happened to it.

    `begins` has how members without a title do, as far as their articles are known.
    """

    story: StoryFull
    summary: str
    begins: dict[str, str]
    coverage: Coverage | None
    outlets: tuple[Outlet, ...]
    shared: dict[str, tuple[str, ...]]
    events: tuple[TimelineEntry, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class ArticleView:
    """An article, its story, and what it has in common with the other members."""

    article: ArticleFull
    story: StoryBrief | None
    member: TimelineEntry | None
    entities: tuple[str, ...]
    terms: tuple[str, ...]
    neighbours: tuple[ArticleBrief, ...]


@dataclass(frozen=True, slots=True)
class EntityView:
    """An entity, the stories about it and the articles that name it."""

    entity_id: str
    type: str
    name: str
    articles: int
    cards: tuple[Card, ...]
    latest: tuple[ArticleBrief, ...]


@dataclass(frozen=True, slots=True)
class SearchView:
    """What was found."""

    cards: tuple[Card, ...]
    hits: Page[Hit]


def front(db: sqlite3.Connection, *, sort: Sort, language: str | None, cursor: str | None) -> Front:
    """The front page, or a later part of it."""
    page = queries.stories(db, queries.StoryFilter(language=language), sort=sort, limit=_STORIES, cursor=cursor)
    return Front(_cards(db, page.items), page.next, queries.totals(db))


def _cards(db: sqlite3.Connection, stories: Sequence[StoryBrief]) -> tuple[Card, ...]:
    seen = seen_by_story(db, (story.story_id for story in stories))
    said = _summaries(db, (story.representative_article_id for story in stories))
    return tuple(
        Card(
            story,
            said.get(story.representative_article_id, ""),
            _sparks([each.at for each in seen.get(story.story_id, ())], story.last_seen_at),
        )
        for story in stories
    )


def _sparks(times: list[datetime], last: datetime) -> tuple[Bar, ...]:
    return bars(times, last - timedelta(days=_SPARK_DAYS), last, _SPARKS)


def _summaries(db: sqlite3.Connection, article_ids: Iterable[str]) -> dict[str, str]:
    ids = tuple(dict.fromkeys(article_ids))
    if not ids:
        return {}
    found = queries.articles(db, queries.ArticleFilter(ids=ids), limit=len(ids))
    return {article.article_id: article.summary for article in found.items}


def story_view(db: sqlite3.Connection, story_id: str, *, cursor: str | None) -> StoryView | None:
    """The page of a story that was not merged; None when there is none."""
    story = queries.story(db, story_id)
    page = queries.members(db, story_id, limit=_MEMBERS, cursor=cursor)
    if story is None or page is None:
        return None
    by_outlet: dict[str, list[Member]] = {}
    for member in page.items:
        by_outlet.setdefault(member.outlet or member.source_id, []).append(member)
    untitled = (member.article_id for member in page.items if member.title is None)
    said = _summaries(db, [story.representative_article_id, *untitled])
    ranked = sorted(by_outlet.items(), key=lambda item: (-len(item[1]), item[0].casefold()))
    return StoryView(
        story=story,
        summary=said.get(story.representative_article_id, ""),
        begins=said,
        coverage=coverage({name: [_when(member) for member in members] for name, members in ranked}),
        outlets=tuple(Outlet(name, tuple(members)) for name, members in ranked),
        shared=named_in_common(db, story_id, (member.article_id for member in page.items)),
        events=queries.timeline(db, story_id, limit=_EVENTS).items,
        next=page.next,
    )


def _when(member: Member) -> datetime:
    return member.first_seen_at


def article_view(db: sqlite3.Connection, article_id: str) -> ArticleView | None:
    """The page of an article; None when there is none."""
    article = queries.article(db, article_id, removed=True)
    if article is None:
        return None
    story = queries.story(db, article.story_id) if article.story_id else None
    if story is None:
        return ArticleView(article, None, None, (), (), ())
    events = queries.timeline(db, story.story_id, limit=_EVENTS).items
    joined = [event for event in events if event.article_id == article_id and event.kind != "updated"]
    others = [
        brief
        for brief in queries.articles(
            db, queries.ArticleFilter(story=story.story_id), limit=_NEIGHBOURS + 1, sort="newest"
        ).items
        if brief.article_id != article_id
    ][:_NEIGHBOURS]
    return ArticleView(
        article=article,
        story=story,
        member=joined[-1] if joined else None,
        entities=named_in_common(db, story.story_id, [article_id]).get(article_id, ()),
        terms=_terms_in_common(db, article, others),
        neighbours=tuple(others),
    )


def _terms_in_common(db: sqlite3.Connection, article: ArticleFull, others: Sequence[ArticleBrief]) -> tuple[str, ...]:
    """Terms that stand for the article and for some of its neighbours, heaviest first."""
    theirs: set[str] = set()
    for brief in others:
        found = queries.article(db, brief.article_id)
        theirs |= {keyword.term for keyword in found.terms} if found else set()
    return tuple(keyword.term for keyword in article.terms if keyword.term in theirs)


def entity_view(db: sqlite3.Connection, entity_id: str) -> EntityView | None:
    """The page of an entity; None when no article names it."""
    found = entity_of(db, entity_id)
    if found is None:
        return None
    stories = queries.stories(db, queries.StoryFilter(entity=entity_id), sort="latest", limit=12)
    articles = queries.articles(db, queries.ArticleFilter(entity=entity_id), limit=20)
    return EntityView(entity_id, *found, cards=_cards(db, stories.items), latest=articles.items)


def search_view(db: sqlite3.Connection, q: str, *, cursor: str | None) -> SearchView:
    """Stories and articles that fit; later parts of the list have articles only."""
    hits = queries.search(db, q, queries.ArticleFilter(), limit=_HITS, cursor=cursor)
    if cursor is not None:
        return SearchView((), hits)
    return SearchView(_cards(db, queries.stories(db, queries.StoryFilter(q=q), sort="hot", limit=6).items), hits)
