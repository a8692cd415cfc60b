"""Stories: lists with sorting and filters, one of them, its members and its timeline."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from streams.readmodel.queries.articles import copies_of
from streams.readmodel.queries.cursor import limit_of, read_cursor, write_cursor
from streams.readmodel.queries.fulltext import match_of
from streams.readmodel.queries.redirects import current, tree
from streams.readmodel.queries.select import Order, Select, paged
from streams.readmodel.results import Member, Page, StoryBrief, StoryEntityCount, StoryFull, TimelineEntry
from streams.readmodel.times import from_micros, micros

__all__ = ["StoryFilter", "current_story", "members", "stories", "story", "timeline"]

Sort = Literal["latest", "size", "first", "hot"]
Status = Literal["current", "active", "closed", "merged", "any"]

_ORDERS = {
    "latest": Order("latest", ("last_seen_at", "story_id"), (0, "")),
    "size": Order("size", ("article_count", "story_id"), (0, "")),
    "first": Order("first", ("first_seen_at", "story_id"), (0, "")),
    "hot": Order("hot", ("hot", "story_id"), (0.0, "")),
}
_MEMBERS = Order("members", ("first_seen_at", "article_id"), (0, ""), descending=False)
_TIMELINE = Order("timeline", ("at", "story_id", "story_version"), (0, "", 0), descending=False)

_BY_SOURCE = """story_id IN (SELECT coalesce(story_alias.story_id, story_event.story_id) FROM story_event
LEFT JOIN story_alias ON story_alias.alias = story_event.story_id WHERE story_event.source_id = ?)"""
_BY_TEXT = """story_id IN (SELECT story_id FROM story_text
WHERE id IN (SELECT rowid FROM story_fts WHERE story_fts MATCH ?))"""
_BY_ENTITY = "story_id IN (SELECT story_id FROM story_entity WHERE entity_id = ?)"
_BY_ENTITY_NAME = "story_id IN (SELECT story_id FROM story_entity WHERE name = ? COLLATE NOCASE)"


@dataclass(frozen=True, slots=True)
class StoryFilter:
    """All that is given must hold. `current` stories are active or closed, merged ones are redirects.

    `q` searches title and entities, `since` is when the story last grew.
    """

    language: str | None = None
    source: str | None = None
    entity: str | None = None
    status: Status = "current"
    q: str | None = None
    min_articles: int = 1
    since: datetime | None = None


def stories(
    db: sqlite3.Connection,
    wanted: StoryFilter,
    *,
    sort: Sort = "latest",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[StoryBrief]:
    """Stories in an order; CursorError when the cursor is of another list."""
    select = Select("*", "story")
    select.equals("language", wanted.language)
    if wanted.status == "current":
        select.holds("status != 'merged'")
    elif wanted.status != "any":
        select.equals("status", wanted.status)
    if wanted.min_articles > 1:
        select.holds("article_count >= ?", wanted.min_articles)
    if wanted.since is not None:
        select.holds("last_seen_at >= ?", micros(wanted.since))
    if wanted.source is not None:
        select.holds(_BY_SOURCE, wanted.source)
    if wanted.entity is not None:
        select.holds(_BY_ENTITY if wanted.entity.startswith("ent_") else _BY_ENTITY_NAME, wanted.entity)
    if wanted.q is not None:
        match = match_of(wanted.q)
        select.holds("0") if match is None else select.holds(_BY_TEXT, match)
    return paged(
        db, select, _ORDERS[sort], (limit, cursor), lambda rows: [StoryBrief(**fields) for fields in _fields(db, rows)]
    )


def _fields(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    names = StoryBrief.model_fields.keys() - {"entities", "first_seen_at", "last_seen_at"}
    entities = _entities(db, [row["story_id"] for row in rows])
    return [
        {
            **{name: row[name] for name in names},
            "first_seen_at": from_micros(row["first_seen_at"]),
            "last_seen_at": from_micros(row["last_seen_at"]),
            "entities": entities.get(row["story_id"], ()),
        }
        for row in rows
    ]


def _entities(db: sqlite3.Connection, story_ids: list[str]) -> dict[str, list[StoryEntityCount]]:
    marks = ",".join("?" * len(story_ids))
    text = (
        "SELECT story_id, entity_id, type, name, articles FROM story_entity "  # noqa: S608
        f"WHERE story_id IN ({marks}) ORDER BY story_id, place"
    )
    found: dict[str, list[StoryEntityCount]] = {}
    for story_id, entity_id, kind, name, articles in db.execute(text, story_ids):
        counted = StoryEntityCount(entity_id=entity_id, type=kind, name=name, articles=articles)
        found.setdefault(story_id, []).append(counted)
    return found


def current_story(db: sqlite3.Connection, story_id: str) -> str:
    """The story that an id leads to today: itself, or the one it was merged into, through any chain of merges."""
    return current(db, [story_id])[story_id]


def story(db: sqlite3.Connection, story_id: str) -> StoryFull | None:
    """The story of exactly this id, a merged one as it was left; None when it is not known, or no longer."""
    row = db.execute("SELECT * FROM story WHERE story_id = ?", (story_id,)).fetchone()
    if row is None:
        return None
    ids = tree(db, story_id)
    counted: dict[str, int] = {}
    for member in _members(db, story_id, row["members"]).values():
        counted[member["source_id"]] = counted.get(member["source_id"], 0) + 1
    sources = dict(sorted(counted.items(), key=lambda item: (-item[1], item[0])))
    return StoryFull(**_fields(db, [row])[0], aliases=ids[1:], sources=sources)


def members(
    db: sqlite3.Connection, story_id: str, *, limit: int = 50, cursor: str | None = None
) -> Page[Member] | None:
    """Articles of a story, oldest first, copies folded under their originals; None when there is no such story."""
    row = db.execute("SELECT members FROM story WHERE story_id = ?", (story_id,)).fetchone()
    if row is None:
        return None
    after = read_cursor(_MEMBERS.name, cursor, _MEMBERS.like)
    listed = sorted(_members(db, story_id, row["members"]).values(), key=_place)
    rest = listed if after is None else [member for member in listed if _place(member) > after]
    size = limit_of(limit)
    shown = rest[:size]
    following = write_cursor(_MEMBERS.name, _place(shown[-1])) if len(rest) > size else None
    return Page(items=tuple(_shown(db, shown)), next=following)


def _place(member: dict[str, Any]) -> tuple[int, str]:
    return member["first_seen_at"], member["article_id"]


def _members(db: sqlite3.Connection, story_id: str, listed: str) -> dict[str, dict[str, Any]]:
    """Members by article id: those that events name, and those that the story lists itself."""
    found: dict[str, dict[str, Any]] = {}
    for each in orjson.loads(listed):
        at = micros(datetime.fromisoformat(each["first_seen_at"]))
        found[each["article_id"]] = {
            "article_id": each["article_id"],
            "title": each.get("title"),
            "source_id": each["source_id"],
            "first_seen_at": at,
            "similarity": None,
            "joined_story_id": story_id,
        }
    ids = tree(db, story_id)
    marks = ",".join("?" * len(ids))
    text = (
        "SELECT article_id, title, source_id, first_seen_at, similarity, story_id, kind FROM story_event "  # noqa: S608
        f"WHERE article_id IS NOT NULL AND story_id IN ({marks}) ORDER BY at, story_id, story_version"
    )
    for row in db.execute(text, ids):
        known = found.setdefault(row["article_id"], {"joined_story_id": row["story_id"], "similarity": None})
        # A revision renews what a list shows of a member, not when and how it came.
        known |= {"article_id": row["article_id"], "title": row["title"], "source_id": row["source_id"]}
        known.setdefault("first_seen_at", row["first_seen_at"])
        if row["kind"] != "updated":
            known |= {"similarity": row["similarity"], "joined_story_id": row["story_id"]}
            known["first_seen_at"] = row["first_seen_at"]
    return found


def _shown(db: sqlite3.Connection, found: list[dict[str, Any]]) -> list[Member]:
    ids = [member["article_id"] for member in found]
    text = f"SELECT article_id, url, outlet, published_at FROM article WHERE article_id IN ({','.join('?' * len(ids))})"  # noqa: S608
    known = {row["article_id"]: row for row in db.execute(text, ids)}
    copies = copies_of(db, ids)
    shown = []
    for member in found:
        row = known.get(member["article_id"])
        published = row["published_at"] if row else None
        shown.append(
            Member(
                **member | {"first_seen_at": from_micros(member["first_seen_at"])},
                url=row["url"] if row else None,
                outlet=row["outlet"] if row else None,
                published_at=None if published is None else from_micros(published),
                duplicates=tuple(copies.get(member["article_id"], ())),
            )
        )
    return shown


def timeline(
    db: sqlite3.Connection, story_id: str, *, limit: int = 100, cursor: str | None = None
) -> Page[TimelineEntry]:
    """What happened to a story and to those merged into it, in order."""
    ids = tree(db, story_id)
    select = Select(
        "story_event.*, article.url",
        "story_event LEFT JOIN article ON article.article_id = story_event.article_id",
    )
    select.holds(f"story_event.story_id IN ({','.join('?' * len(ids))})", *ids)
    return paged(db, select, _TIMELINE, (limit, cursor), lambda rows: [_entry(row) for row in rows])


def _entry(row: sqlite3.Row) -> TimelineEntry:
    names = TimelineEntry.model_fields.keys() - {"at"}
    return TimelineEntry(at=from_micros(row["at"]), **{name: row[name] for name in names})
