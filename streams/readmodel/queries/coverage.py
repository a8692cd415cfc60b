"""What pages show of many stories at once: who covered them when, and what their articles have in common."""

import sqlite3
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import orjson

from streams.readmodel.times import from_micros

__all__ = ["Seen", "at_offsets", "coverage", "entity", "named_in_common"]

_IN = 200


class Seen(NamedTuple):
    """An article of a story, as its coverage counts it."""

    article_id: str
    source_id: str
    at: datetime


def coverage(db: sqlite3.Connection, story_ids: Iterable[str]) -> dict[str, tuple[Seen, ...]]:
    """The members that each story lists itself, the most recent ones, oldest first."""
    ids = list(story_ids)[:_IN]
    text = f"SELECT story_id, members FROM story WHERE story_id IN ({','.join('?' * len(ids))})"  # noqa: S608
    return {row["story_id"]: tuple(_seen(row["members"])) for row in db.execute(text, ids)}


def _seen(members: str) -> Iterable[Seen]:
    for each in orjson.loads(members):
        yield Seen(each["article_id"], each["source_id"], datetime.fromisoformat(each["first_seen_at"]))


def named_in_common(db: sqlite3.Connection, story_id: str, article_ids: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each article the entities that it names and that several articles of the story do, most named first."""
    ids = list(article_ids)[:_IN]
    text = (
        "SELECT article_entity.article_id, story_entity.name FROM article_entity "  # noqa: S608
        "JOIN story_entity ON story_entity.entity_id = article_entity.entity_id AND story_entity.story_id = ? "
        f"WHERE article_entity.article_id IN ({','.join('?' * len(ids))}) AND story_entity.articles > 1 "
        "ORDER BY story_entity.place"
    )
    found: dict[str, tuple[str, ...]] = {}
    for article_id, name in db.execute(text, (story_id, *ids)):
        found[article_id] = (*found.get(article_id, ()), name)
    return found


def entity(db: sqlite3.Connection, entity_id: str) -> tuple[str, str, int] | None:
    """Type, name and number of articles of an entity; None when no article names it."""
    row = db.execute("SELECT type, name, articles FROM entity WHERE entity_id = ?", (entity_id,)).fetchone()
    return tuple(row) if row else None


def at_offsets(db: sqlite3.Connection, places: Iterable[tuple[str, int, int]]) -> dict[tuple[str, int, int], datetime]:
    """When the broker took the records at these places (short topic name, partition, offset), where that is known."""
    text = 'SELECT at FROM record WHERE topic = ? AND partition = ? AND "offset" = ?'
    found = {}
    for place in places:
        if (row := db.execute(text, place).fetchone()) is not None:
            found[place] = from_micros(row[0])
    return found
