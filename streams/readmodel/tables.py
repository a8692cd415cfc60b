"""The tables of the read model, as data: the migration, the writer and the tests read them from here.

Times are microseconds since 1970. A row remembers the record it came of (`partition`, `offset`):
it lives as long as the topic keeps that record. No row depends on rows of another topic, so
that the order in which topics are read leaves no trace; what needs two of them is joined when asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["META", "POSITION", "TABLES", "TRIGGERS", "VERSION", "Table", "schema"]

VERSION = 1
"""Of everything in this file and of `streams.readmodel.apply`: another version is built anew."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, its key, and which of two rows of a key stays: that with the greater `newer`, else the later.

    `parts` are tables whose rows belong to a row of this one, by its `key`; they are replaced
    with it. `topic` is the short name of the topic that its `partition` and `offset` are of.
    """

    name: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    newer: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    topic: str | None = None
    options: str = ""
    hidden: tuple[str, ...] = field(default=())

    @property
    def ddl(self) -> tuple[str, ...]:
        """What makes the table and its indexes."""
        columns = ", ".join(f'"{name}" {kind}' for name, kind in self.columns.items())
        unique = "PRIMARY KEY" if not self.hidden else "UNIQUE"
        made = f"CREATE TABLE {self.name} ({columns}, {unique} ({_listed(self.key)})) {self.options}".rstrip()
        indexes = (
            f"CREATE INDEX {self.name}_{number} ON {self.name} {on}" for number, on in enumerate(self.indexes, 1)
        )
        return (made, *indexes)

    @property
    def put(self) -> str:
        """The statement that adds a row, or replaces an older one of its key."""
        names = [name for name in self.columns if name not in self.hidden]
        rest = [name for name in names if name not in self.key]
        assigned = ", ".join(f'"{name}" = excluded."{name}"' for name in rest)
        guard = ""
        if self.newer:
            new = ", ".join(f'excluded."{name}"' for name in self.newer)
            old = ", ".join(f'{self.name}."{name}"' for name in self.newer)
            guard = f" WHERE ({new}) >= ({old})"
        action = f"UPDATE SET {assigned}{guard}" if rest else "NOTHING"
        values = ", ".join(f":{name}" for name in names)
        return (
            f"INSERT INTO {self.name} ({_listed(names)}) VALUES ({values}) "  # noqa: S608 - names of this file
            f"ON CONFLICT ({_listed(self.key)}) DO {action}"
        )


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


_PLACE = {"partition": "INTEGER NOT NULL", "offset": "INTEGER NOT NULL"}

META = Table("meta", {"name": "TEXT NOT NULL", "value": "TEXT NOT NULL"}, ("name",), options="WITHOUT ROWID")

POSITION = Table(
    "position",
    {"topic": "TEXT NOT NULL", "partition": "INTEGER NOT NULL", "next": "INTEGER NOT NULL"},
    ("topic", "partition"),
    options="WITHOUT ROWID",
)

# One row a record, of every topic: what `trace` and the throughput are answered from.
_RECORD = Table(
    "record",
    {
        "topic": "TEXT NOT NULL",
        **_PLACE,
        "at": "INTEGER NOT NULL",
        "document_id": "TEXT",
        "article_id": "TEXT",
        "story_id": "TEXT",
        "origin": "TEXT",
        "what": "TEXT NOT NULL",
        "detail": "TEXT",
        "url": "TEXT",
    },
    ("topic", "partition", "offset"),
    indexes=(
        "(document_id)",
        "(article_id) WHERE article_id IS NOT NULL",
        "(story_id) WHERE story_id IS NOT NULL",
        "(url) WHERE url IS NOT NULL",
        "(at, topic)",
    ),
)

_ARTICLE = Table(
    "article",
    {
        "article_id": "TEXT NOT NULL",
        **_PLACE,
        "revision": "INTEGER NOT NULL",
        "document_id": "TEXT NOT NULL",
        "url": "TEXT",
        "canonical_url": "TEXT",
        "title": "TEXT",
        "summary": "TEXT NOT NULL",
        "source_id": "TEXT NOT NULL",
        "source_name": "TEXT",
        "outlet": "TEXT",
        "language": "TEXT NOT NULL",
        "first_seen_at": "INTEGER NOT NULL",
        "published_at": "INTEGER",
        "word_count": "INTEGER NOT NULL",
        "data": "BLOB NOT NULL",
    },
    ("article_id",),
    newer=("revision", "offset"),
    parts=("article_text", "article_entity"),
    indexes=(
        "(partition, offset)",
        "(first_seen_at, article_id)",
        "(source_id, first_seen_at, article_id, source_name)",
        "(language, first_seen_at, article_id)",
        "(canonical_url) WHERE canonical_url IS NOT NULL",
        "(document_id)",
    ),
    topic="enriched",
)

# The rowid is the full-text index's; it says nothing and may differ from build to build.
_ARTICLE_TEXT = Table(
    "article_text",
    {"id": "INTEGER PRIMARY KEY", "article_id": "TEXT NOT NULL", "title": "TEXT NOT NULL", "body": "TEXT NOT NULL"},
    ("article_id",),
    hidden=("id",),
)

_ARTICLE_ENTITY = Table(
    "article_entity",
    {
        "article_id": "TEXT NOT NULL",
        "entity_id": "TEXT NOT NULL",
        "type": "TEXT NOT NULL",
        "name": "TEXT NOT NULL",
        "first_seen_at": "INTEGER NOT NULL",
    },
    ("article_id", "entity_id"),
    indexes=("(entity_id, first_seen_at, article_id)",),
    options="WITHOUT ROWID",
)

# Counted by triggers over `article_entity`: an id is the hash of type and name, so these never differ.
_ENTITY = Table(
    "entity",
    {"entity_id": "TEXT NOT NULL", "type": "TEXT NOT NULL", "name": "TEXT NOT NULL", "articles": "INTEGER NOT NULL"},
    ("entity_id",),
    indexes=("(articles, entity_id)", "(name COLLATE NOCASE)"),
    options="WITHOUT ROWID",
)

_DUPLICATE = Table(
    "duplicate",
    {
        "document_id": "TEXT NOT NULL",
        "article_id": "TEXT NOT NULL",
        **_PLACE,
        "duplicate_of": "TEXT NOT NULL",
        "matched_article_id": "TEXT NOT NULL",
        "kind": "TEXT NOT NULL",
        "similarity": "REAL NOT NULL",
        "containment": "REAL NOT NULL",
        "source_id": "TEXT NOT NULL",
        "title": "TEXT",
        "url": "TEXT",
        "first_seen_at": "INTEGER NOT NULL",
    },
    ("document_id", "article_id"),
    newer=("offset",),
    indexes=("(partition, offset)", "(duplicate_of, first_seen_at, document_id)", "(source_id, first_seen_at)"),
    topic="duplicate",
)

_STORY = Table(
    "story",
    {
        "story_id": "TEXT NOT NULL",
        **_PLACE,
        "version": "INTEGER NOT NULL",
        "status": "TEXT NOT NULL",
        "title": "TEXT",
        "language": "TEXT NOT NULL",
        "representative_article_id": "TEXT NOT NULL",
        "article_count": "INTEGER NOT NULL",
        "source_count": "INTEGER NOT NULL",
        "first_seen_at": "INTEGER NOT NULL",
        "last_seen_at": "INTEGER NOT NULL",
        "merged_into": "TEXT",
        "hot": "REAL NOT NULL",
        "members": "TEXT NOT NULL",
    },
    ("story_id",),
    newer=("offset",),
    parts=("story_text", "story_alias", "story_entity"),
    indexes=(
        "(last_seen_at, story_id)",
        "(article_count, story_id)",
        "(first_seen_at, story_id)",
        "(hot, story_id)",
        "(merged_into) WHERE merged_into IS NOT NULL",
    ),
    topic="story",
)

_STORY_TEXT = Table(
    "story_text",
    {"id": "INTEGER PRIMARY KEY", "story_id": "TEXT NOT NULL", "title": "TEXT NOT NULL", "body": "TEXT NOT NULL"},
    ("story_id",),
    hidden=("id",),
)

_STORY_ALIAS = Table(
    "story_alias",
    {"story_id": "TEXT NOT NULL", "alias": "TEXT NOT NULL"},
    ("story_id", "alias"),
    indexes=("(alias)",),
    options="WITHOUT ROWID",
)

_STORY_ENTITY = Table(
    "story_entity",
    {
        "story_id": "TEXT NOT NULL",
        "entity_id": "TEXT NOT NULL",
        "place": "INTEGER NOT NULL",
        "type": "TEXT NOT NULL",
        "name": "TEXT NOT NULL",
        "articles": "INTEGER NOT NULL",
    },
    ("story_id", "entity_id"),
    indexes=("(entity_id)", "(name COLLATE NOCASE)"),
    options="WITHOUT ROWID",
)

_STORY_EVENT = Table(
    "story_event",
    {
        "story_id": "TEXT NOT NULL",
        "story_version": "INTEGER NOT NULL",
        **_PLACE,
        "kind": "TEXT NOT NULL",
        "at": "INTEGER NOT NULL",
        "similarity": "REAL",
        "merged_into": "TEXT",
        "merged_from": "TEXT",
        "article_id": "TEXT",
        "title": "TEXT",
        "source_id": "TEXT",
        "first_seen_at": "INTEGER",
    },
    ("story_id", "story_version"),
    newer=("offset",),
    indexes=(
        "(partition, offset)",
        "(article_id) WHERE article_id IS NOT NULL",
        "(source_id) WHERE source_id IS NOT NULL",
        "(merged_into) WHERE merged_into IS NOT NULL",
    ),
    topic="event",
)

TABLES = {
    table.name: table
    for table in (
        _RECORD,
        _ARTICLE,
        _ARTICLE_TEXT,
        _ARTICLE_ENTITY,
        _ENTITY,
        _DUPLICATE,
        _STORY,
        _STORY_TEXT,
        _STORY_ALIAS,
        _STORY_ENTITY,
        _STORY_EVENT,
    )
}

TRIGGERS = (
    """CREATE TRIGGER entity_named AFTER INSERT ON article_entity BEGIN
    INSERT INTO entity VALUES (new.entity_id, new.type, new.name, 1)
    ON CONFLICT (entity_id) DO UPDATE SET articles = articles + 1; END""",
    """CREATE TRIGGER entity_unnamed AFTER DELETE ON article_entity BEGIN
    UPDATE entity SET articles = articles - 1 WHERE entity_id = old.entity_id;
    DELETE FROM entity WHERE entity_id = old.entity_id AND articles = 0; END""",
)


def _fulltext(name: str) -> tuple[str, ...]:
    """The full-text index over the table `<name>_text`, and the triggers that keep it (as the FTS5 manual has them)."""
    index, text = f"{name}_fts", f"{name}_text"
    add = f"INSERT INTO {index} (rowid, title, body) VALUES (new.id, new.title, new.body);"  # noqa: S608 - our names
    drop = f"INSERT INTO {index} ({index}, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);"  # noqa: S608
    options = f"content='{text}', content_rowid='id', tokenize=\"unicode61 remove_diacritics 2\""
    return (
        f"CREATE VIRTUAL TABLE {index} USING fts5 (title, body, {options})",
        f"CREATE TRIGGER {text}_added AFTER INSERT ON {text} BEGIN {add} END",
        f"CREATE TRIGGER {text}_dropped AFTER DELETE ON {text} BEGIN {drop} END",
        f"CREATE TRIGGER {text}_changed AFTER UPDATE ON {text} BEGIN {drop} {add} END",
    )


def schema() -> tuple[str, ...]:
    """All statements that make an empty read model, in order."""
    tables = (statement for table in (META, POSITION, *TABLES.values()) for statement in table.ddl)
    return (*tables, *TRIGGERS, *_fulltext("article"), *_fulltext("story"))
