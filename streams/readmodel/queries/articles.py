"""Articles: lists with filters, one whole, and those that a search finds."""

import sqlite3
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import orjson

from schemas import Layers
from streams.readmodel.queries.cursor import MAX_LIMIT, CursorError, limit_of, read_cursor, write_cursor
from streams.readmodel.queries.fulltext import match_of
from streams.readmodel.queries.redirects import current, current_of_articles, tree
from streams.readmodel.queries.select import Order, Select, paged
from streams.readmodel.results import ArticleBrief, ArticleFull, Copy, Hit, Page
from streams.readmodel.times import from_micros, micros
from streams.text.urls import canonical

__all__ = ["ArticleFilter", "article", "articles", "briefs", "copies_of", "search"]

_BRIEF = (
    "article.article_id, revision, document_id, url, canonical_url, article.title, summary, source_id, source_name, "
    "outlet, language, article.first_seen_at, published_at, word_count"
)
_NEWEST = Order("newest", ("article.first_seen_at", "article.article_id"), (0, ""))
_OLDEST = Order("oldest", _NEWEST.columns, _NEWEST.like, descending=False)
_ORDERS = {"newest": _NEWEST, "oldest": _OLDEST}
_BY_ENTITY = ("article_entity.first_seen_at", "article_entity.article_id")

_BY_TEXT = """article.article_id IN (SELECT article_id FROM article_text
WHERE id IN (SELECT rowid FROM article_fts WHERE article_fts MATCH ?))"""

_DEPTH = 1000
"""How many of the best hits a search by relevance can be paged through."""

_MARK, _END = "\x02", "\x03"
_SNIPPET_TOKENS = 32

Sort = Literal["newest", "oldest"]


@dataclass(frozen=True, slots=True)
class ArticleFilter:
    """All that is given must hold.

    `url` is compared in canonical spelling, `entity` is an id or a name, `q` is a search (see
    `streams.readmodel.queries.fulltext`), `since` is included and `until` is not.
    """

    ids: tuple[str, ...] = ()
    url: str | None = None
    source: str | None = None
    language: str | None = None
    entity: str | None = None
    story: str | None = None
    q: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def articles(
    db: sqlite3.Connection,
    wanted: ArticleFilter,
    *,
    sort: Sort = "newest",
    limit: int = 50,
    cursor: str | None = None,
) -> Page[ArticleBrief]:
    """Articles by when they were first seen; CursorError when the cursor is of another list."""
    select = Select(_BRIEF, "article")
    order = _ORDERS[sort]
    if wanted.entity is not None:
        # Through the entity's own index, which has the same order.
        select.tables = "article_entity CROSS JOIN article ON article.article_id = article_entity.article_id"
        select.holds("article_entity.entity_id = ?", _entity_id(db, wanted.entity))
        order = Order(order.name, _BY_ENTITY, order.like, descending=order.descending)
    _filter(db, select, wanted)
    return paged(db, select, order, (limit, cursor), lambda rows: briefs(db, rows))


def _filter(db: sqlite3.Connection, select: Select, wanted: ArticleFilter) -> None:
    if wanted.ids:
        select.holds(f"article.article_id IN ({','.join('?' * len(wanted.ids))})", *wanted.ids)
    if wanted.url is not None:
        select.holds("canonical_url = ?", canonical(wanted.url))
    select.equals("source_id", wanted.source)
    select.equals("language", wanted.language)
    if wanted.since is not None:
        select.holds("article.first_seen_at >= ?", micros(wanted.since))
    if wanted.until is not None:
        select.holds("article.first_seen_at < ?", micros(wanted.until))
    if wanted.story is not None:
        ids = tree(db, current(db, [wanted.story])[wanted.story])
        of = f"SELECT article_id FROM story_event WHERE story_id IN ({','.join('?' * len(ids))})"  # noqa: S608
        select.holds(f"article.article_id IN ({of})", *ids)
    if wanted.q is not None:
        found = (
            "SELECT article_id FROM article_text WHERE id IN (SELECT rowid FROM article_fts WHERE article_fts MATCH ?)"
        )
        match = match_of(wanted.q)
        select.holds("0") if match is None else select.holds(f"article.article_id IN ({found})", match)


def _entity_id(db: sqlite3.Connection, entity: str) -> str:
    """The id that `entity` is, or that is most often meant by this name."""
    if entity.startswith("ent_"):
        return entity
    text = "SELECT entity_id FROM entity WHERE name = ? COLLATE NOCASE ORDER BY articles DESC, entity_id LIMIT 1"
    row = db.execute(text, (entity,)).fetchone()
    return row[0] if row else entity


def briefs(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[ArticleBrief]:
    """Rows of the columns of a brief as such, with their stories and the number of their copies."""
    return [ArticleBrief(**fields) for fields in _fields(db, rows)]


def _fields(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[dict[str, Any]]:
    ids = [row["article_id"] for row in rows]
    stories, copies = current_of_articles(db, ids), _copies(db, ids)
    names = ArticleBrief.model_fields.keys() - {"story_id", "copies"}
    return [
        {
            **{name: row[name] for name in names},
            "first_seen_at": from_micros(row["first_seen_at"]),
            "published_at": None if row["published_at"] is None else from_micros(row["published_at"]),
            "story_id": stories.get(row["article_id"]),
            "copies": copies.get(row["article_id"], 0),
        }
        for row in rows
    ]


def _copies(db: sqlite3.Connection, ids: list[str]) -> dict[str, int]:
    marks = ",".join("?" * len(ids))
    text = f"SELECT duplicate_of, count(*) FROM duplicate WHERE duplicate_of IN ({marks}) GROUP BY 1"  # noqa: S608
    return {row[0]: row[1] for row in db.execute(text, ids)}


def copies_of(db: sqlite3.Connection, article_ids: Iterable[str], limit: int = MAX_LIMIT) -> dict[str, list[Copy]]:
    """The duplicates of each article, oldest first, at most `limit` of each."""
    text = "SELECT * FROM duplicate WHERE duplicate_of = ? ORDER BY first_seen_at, document_id LIMIT ?"
    found = {}
    for article_id in article_ids:
        rows = db.execute(text, (article_id, limit)).fetchall()
        if rows:
            found[article_id] = [_copy(row) for row in rows]
    return found


def _copy(row: sqlite3.Row) -> Copy:
    names = Copy.model_fields.keys() - {"first_seen_at"}
    return Copy(first_seen_at=from_micros(row["first_seen_at"]), **{name: row[name] for name in names})


def article(db: sqlite3.Connection, article_id: str, *, removed: bool = False) -> ArticleFull | None:
    """One article whole; `removed` asks for its boilerplate, too. None when it is not known, or no longer."""
    text = (
        f"SELECT {_BRIEF}, data, article_text.body FROM article JOIN article_text USING (article_id) "  # noqa: S608
        "WHERE article.article_id = ?"
    )
    row = db.execute(text, (article_id,)).fetchone()
    if row is None:
        return None
    stored = orjson.loads(zlib.decompress(row["data"]))
    layers = Layers.model_validate(stored["layers"])
    fields = stored["article"] | _fields(db, [row])[0]
    fields["removed"] = fields.get("removed", ()) if removed else None
    return ArticleFull.model_validate(
        fields
        | {
            "body_text": row["body"],
            "entities": layers.entities.entities if layers.entities else (),
            "dates": layers.dates.dates if layers.dates else (),
            "terms": layers.keywords.keywords if layers.keywords else (),
            "duplicates": copies_of(db, [article_id]).get(article_id, ()),
        }
    )


def search(
    db: sqlite3.Connection,
    q: str,
    wanted: ArticleFilter | None = None,
    *,
    limit: int = 20,
    cursor: str | None = None,
) -> Page[Hit]:
    """Articles by how well they fit `q` (BM25, a word of the title counting five), with a snippet each.

    Only the first thousand can be paged through; `articles` with `q` has them all, by time.
    """
    match, limit = match_of(q), limit_of(limit)
    start = (read_cursor("relevance", cursor, (0,)) or (0,))[0]
    if not isinstance(start, int) or start < 0:
        raise CursorError("this is no cursor")
    if match is None or start >= _DEPTH:
        return Page(items=())
    inner = Select("article.article_id", "article")
    _filter(db, inner, wanted or ArticleFilter())
    kept = f"AND article_text.article_id IN (SELECT article.article_id FROM article WHERE {' AND '.join(inner.where)})"  # noqa: S608
    text = (
        "SELECT article_text.article_id, snippet(article_fts, 1, ?, ?, '…', ?) AS snippet FROM article_fts "  # noqa: S608
        "JOIN article_text ON article_text.id = article_fts.rowid WHERE article_fts MATCH ? "
        f"{kept if inner.where else ''} ORDER BY bm25(article_fts, 5.0, 1.0), article_text.article_id LIMIT ? OFFSET ?"
    )
    size = min(limit, _DEPTH - start)
    rows = db.execute(text, (_MARK, _END, _SNIPPET_TOKENS, match, *inner.values, size + 1, start)).fetchall()
    following = write_cursor("relevance", (start + size,)) if len(rows) > size and start + size < _DEPTH else None
    return Page(items=tuple(_hits(db, rows[:size])), next=following)


def _hits(db: sqlite3.Connection, rows: list[sqlite3.Row]) -> list[Hit]:
    ids = [row["article_id"] for row in rows]
    text = f"SELECT {_BRIEF} FROM article WHERE article_id IN ({','.join('?' * len(ids))})"  # noqa: S608
    known = {fields["article_id"]: fields for fields in _fields(db, db.execute(text, ids).fetchall())}
    hits = []
    for row in rows:
        snippet, marks = _marked(row["snippet"])
        hits.append(Hit(**known[row["article_id"]], snippet=snippet, marks=marks))
    return hits


def _marked(text: str) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text without the marks FTS5 has put in, and where they stood; what the text had of them itself goes too."""
    plain, marks, start = "", [], None
    for piece in text.replace(_END, f"{_END}{_MARK}").split(_MARK):
        part, closed, _ = piece.partition(_END)
        if closed and part:
            start = len(plain)
            marks.append((start, start + len(part)))
        plain += part
    return plain, tuple(marks)
