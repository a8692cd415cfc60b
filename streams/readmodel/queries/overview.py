"""The whole at a glance: entities, sources, dead letters, throughput."""

import sqlite3
from datetime import datetime

from streams.readmodel.followed import LETTERS, full_name
from streams.readmodel.queries.select import Order, Select, paged
from streams.readmodel.results import DeadLetterCount, EntityCount, Minute, Page, SourceCount
from streams.readmodel.times import from_micros, micros

__all__ = ["dead_letters", "entities", "sources", "throughput", "totals"]

_MOST = Order("most", ("articles", "entity_id"), (0, ""))
_BY_ID = Order("source", ("source_id",), ("",), descending=False)
_MINUTE = 60_000_000
_MAX_MINUTES = 24 * 60

_SOURCES = """(SELECT source_id, max(name) AS name, sum(articles) AS articles, sum(duplicates) AS duplicates,
max(last_seen_at) AS last_seen_at FROM (
  SELECT source_id, max(source_name) AS name, count(*) AS articles, 0 AS duplicates, max(first_seen_at) AS last_seen_at
  FROM article GROUP BY source_id
  UNION ALL
  SELECT source_id, NULL, 0, count(*), max(first_seen_at) FROM duplicate GROUP BY source_id
) GROUP BY source_id) AS source"""
_LETTERS = f"""SELECT topic, what, count(*) AS records, max(at) AS last_at FROM record
WHERE topic IN ({", ".join(f"'{name}'" for name in LETTERS)}) GROUP BY topic, what
ORDER BY records DESC, topic, what"""  # noqa: S608 - names of our topics


def entities(
    db: sqlite3.Connection,
    *,
    kind: str | None = None,
    name: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[EntityCount]:
    """Entities, those that most articles name first; `name` is how the name begins, whatever its case."""
    select = Select("*", "entity")
    select.equals("type", kind)
    if name is not None:
        beginning = name.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        select.holds("name LIKE ? ESCAPE '\\'", f"{beginning}%")
    return paged(db, select, _MOST, (limit, cursor), lambda rows: [EntityCount(**dict(row)) for row in rows])


def sources(db: sqlite3.Connection, *, limit: int = 100, cursor: str | None = None) -> Page[SourceCount]:
    """Sources by id, with what came from them."""
    select = Select("*", _SOURCES)
    return paged(db, select, _BY_ID, (limit, cursor), lambda rows: [_source(row) for row in rows])


def _source(row: sqlite3.Row) -> SourceCount:
    return SourceCount(**dict(row) | {"last_seen_at": from_micros(row["last_seen_at"])})


def dead_letters(db: sqlite3.Connection) -> list[DeadLetterCount]:
    """Dead letters by topic and reason, most first."""
    return [
        DeadLetterCount(
            topic=full_name(row["topic"]),
            stage=LETTERS[row["topic"]],
            reason=row["what"],
            records=row["records"],
            last_at=from_micros(row["last_at"]),
        )
        for row in db.execute(_LETTERS)
    ]


def throughput(db: sqlite3.Connection, *, until: datetime, minutes: int = 60) -> list[Minute]:
    """Records that came into each topic in each of the last whole `minutes` before `until`, oldest first.

    By the broker's clock; dead letters keep the time of their original.
    """
    count = max(1, min(minutes, _MAX_MINUTES))
    last = micros(until) // _MINUTE
    first = last - count
    text = "SELECT at / ? AS minute, topic, count(*) AS records FROM record WHERE at >= ? AND at < ? GROUP BY 1, 2"
    found: dict[int, dict[str, int]] = {minute: {} for minute in range(first, last)}
    for row in db.execute(text, (_MINUTE, first * _MINUTE, last * _MINUTE)):
        found[row["minute"]][row["topic"]] = row["records"]
    return [Minute(at=from_micros(minute * _MINUTE), records=records) for minute, records in found.items()]


def totals(db: sqlite3.Connection) -> dict[str, int]:
    """How many articles, duplicates, stories and entities there are."""
    text = """SELECT (SELECT count(*) FROM article) AS articles, (SELECT count(*) FROM duplicate) AS duplicates,
    (SELECT count(*) FROM story WHERE status != 'merged') AS stories, (SELECT count(*) FROM entity) AS entities"""
    return dict(db.execute(text).fetchone())
