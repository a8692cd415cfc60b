"""All that happened to a URL, a document, an article or a story, from the index of records."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field

from streams.readmodel.followed import FOLLOWED, full_name
from streams.readmodel.queries.redirects import current, one_step, tree
from streams.readmodel.results import Step, Trace
from streams.readmodel.times import from_micros
from streams.state.protocols import Origin
from streams.text.urls import canonical

__all__ = ["MAX_STEPS", "trace"]

MAX_STEPS = 2000
_MAX_IDS = 400
_PREFIX = 8
_ORDER = {name: number for number, name in enumerate(FOLLOWED)}
_KINDS = (("doc_", "document_id"), ("art_", "article_id"), ("sty_", "story_id"))


@dataclass(slots=True)
class _Found:
    """Ids that belong to what was asked for."""

    documents: set[str] = field(default_factory=set)
    articles: set[str] = field(default_factory=set)
    stories: set[str] = field(default_factory=set)


def trace(db: sqlite3.Connection, asked: str) -> Trace | None:
    """What happened to `asked`: a URL, an id, or an unambiguous beginning of one; None when nothing is known of it.

    Of an article that is the way of every document that became it, its story's founding or its
    joining, and the merges of that story since; of a story, its events and those of the
    stories merged into it.
    """
    found = _named(db, asked.strip())
    if found is None:
        return None
    if found.stories:
        rows = _records(db, "story_id", found.stories)
    else:
        _widen(db, found)
        rows = _records(db, "document_id", found.documents) + _records(db, "article_id", found.articles)
        rows += _merges(db, found, rows)
    unique = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    ordered = sorted(unique.values(), key=_place)
    arrived = _arrivals(db, ordered)
    return Trace(
        asked=asked,
        documents=tuple(sorted(found.documents)),
        articles=tuple(sorted(found.articles)),
        stories=tuple(sorted(found.stories)),
        steps=tuple(_step(row, arrived) for row in ordered[:MAX_STEPS]),
        complete=len(ordered) <= MAX_STEPS,
    )


def _place(row: sqlite3.Row) -> tuple[int, ...]:
    return row["at"], _ORDER[row["topic"]], row["partition"], row["offset"]


def _named(db: sqlite3.Connection, asked: str) -> _Found | None:
    found = _Found()
    if (url := canonical(asked)) is not None:
        rows = db.execute("SELECT DISTINCT document_id FROM record WHERE url = ? LIMIT ?", (url, _MAX_IDS))
        found.documents = {row[0] for row in rows if row[0] is not None}
        return found if found.documents else None
    column = next((column for prefix, column in _KINDS if asked.startswith(prefix)), "document_id")
    known = _exact(db, column, asked)
    if known is None:
        return None
    if column == "story_id":
        found.stories = set(tree(db, current(db, [known])[known]))
    elif column == "article_id":
        found.articles = {known}
    else:
        found.documents = {known}
    return found


def _exact(db: sqlite3.Connection, column: str, asked: str) -> str | None:
    """The known id that is `asked`, or the only one that begins with it."""
    text = f"SELECT DISTINCT {column} FROM record WHERE {column} >= ? AND {column} < ? ORDER BY 1 LIMIT 2"  # noqa: S608
    rows = [row[0] for row in db.execute(text, (asked, asked + "\U0010ffff"))]
    if rows and rows[0] == asked:
        return asked
    return rows[0] if len(rows) == 1 and len(asked) >= _PREFIX else None


def _widen(db: sqlite3.Connection, found: _Found) -> None:
    """Documents have become articles, and articles come of documents."""
    if found.documents:
        rows = _records(db, "document_id", found.documents)
        found.articles |= {row["article_id"] for row in rows if row["article_id"] and row["topic"] != "event"}
    else:
        rows = _records(db, "article_id", found.articles)
        found.documents |= {row["document_id"] for row in rows if row["document_id"] and row["topic"] != "event"}


def _merges(db: sqlite3.Connection, found: _Found, rows: list[sqlite3.Row]) -> list[sqlite3.Row]:
    """The merges of the stories that the articles joined, up to the story they are in today."""
    joined = {row["story_id"] for row in rows if row["story_id"] and row["article_id"] in found.articles}
    merges: list[sqlite3.Row] = []
    ask = joined
    while ask:
        found.stories |= ask
        merges += [row for row in _records(db, "story_id", ask) if row["what"] == "merged"]
        ask = set(one_step(db, ask).values()) - found.stories if len(found.stories) < _MAX_IDS else set()
    return merges


def _records(db: sqlite3.Connection, column: str, ids: Iterable[str]) -> list[sqlite3.Row]:
    rows: list[sqlite3.Row] = []
    for each in sorted(ids)[:_MAX_IDS]:
        text = f"SELECT * FROM record WHERE {column} = ? ORDER BY at LIMIT ?"  # noqa: S608 - one of our columns
        rows += db.execute(text, (each, MAX_STEPS + 1)).fetchall()
    return rows


def _arrivals(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> dict[str, int]:
    """When each raw record that these came of was written."""
    text = "SELECT at FROM record WHERE topic = 'raw' AND partition = ? AND \"offset\" = ?"
    arrived = {}
    for origin in {row["origin"] for row in rows if row["origin"]}:
        try:
            row = db.execute(text, Origin.parse(origin)).fetchone()
        except ValueError:  # a header that is none of ours
            continue
        if row is not None:
            arrived[origin] = row["at"]
    return arrived


def _step(row: sqlite3.Row, arrived: dict[str, int]) -> Step:
    start = arrived.get(row["origin"])
    return Step(
        at=from_micros(row["at"]),
        topic=full_name(row["topic"]),
        partition=row["partition"],
        offset=row["offset"],
        what=row["what"],
        detail=row["detail"],
        document_id=row["document_id"],
        article_id=row["article_id"],
        story_id=row["story_id"],
        latency_ms=None if start is None else (row["at"] - start) // 1000,
    )
