"""Changes into the database: one transaction a batch, with the positions behind it."""

import sqlite3
from collections.abc import Iterable, Mapping

from streams.codec import Record
from streams.readmodel.apply import Change, Drop, Put, changes
from streams.readmodel.tables import POSITION, TABLES, Table

__all__ = ["Place", "apply", "forget", "positions"]

Place = tuple[str, int]
"""A followed topic by its short name, and a partition of it."""

_PUTS = {name: table.put for name, table in TABLES.items()}


def apply(db: sqlite3.Connection, records: Iterable[tuple[str, Record]], after: Mapping[Place, int]) -> None:
    """Apply records, each with its topic's short name, and note where to go on: both, or nothing."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for short, record in records:
            for change in changes(short, record):
                _change(db, change)
        for (short, partition), offset in after.items():
            db.execute(POSITION.put, {"topic": short, "partition": partition, "next": offset})
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _change(db: sqlite3.Connection, change: Change) -> None:
    table = TABLES[change.table]
    match change:
        case Put(name, row, parts):
            if db.execute(_PUTS[name], row).rowcount == 0:
                return  # there is a newer one
            for part in table.parts:
                db.execute(f"DELETE FROM {part} WHERE {table.key[0]} = ?", (row[table.key[0]],))  # noqa: S608
                db.executemany(_PUTS[part], parts.get(part, ()))
        case Drop(name, key):
            where = " AND ".join(f'"{column}" = :{column}' for column in key)
            for part in table.parts:
                db.execute(f"DELETE FROM {part} WHERE {where}", dict(key))  # noqa: S608 - names of our tables
            db.execute(f"DELETE FROM {name} WHERE {where}", dict(key))  # noqa: S608 - as above


def positions(db: sqlite3.Connection) -> dict[Place, int]:
    """The next offset to read of each partition that has been read."""
    rows = db.execute("SELECT topic, partition, next FROM position")
    return {(row["topic"], row["partition"]): row["next"] for row in rows}


def forget(db: sqlite3.Connection, lowest: Mapping[Place, int]) -> None:
    """Remove what came of records below `lowest`: they are no longer in their topics, or no longer wanted."""
    db.execute("BEGIN IMMEDIATE")
    try:
        for (short, partition), offset in lowest.items():
            db.execute(
                'DELETE FROM record WHERE topic = ? AND partition = ? AND "offset" < ?', (short, partition, offset)
            )
            for table in TABLES.values():
                if table.topic == short:
                    _forget(db, table, partition, offset)
        db.execute("COMMIT")
    except BaseException:
        db.execute("ROLLBACK")
        raise


def _forget(db: sqlite3.Connection, table: Table, partition: int, offset: int) -> None:
    old = f'{table.name} WHERE partition = ? AND "offset" < ?'
    for part in table.parts:
        keys = f"SELECT {table.key[0]} FROM {old}"  # noqa: S608 - names of our tables
        db.execute(f"DELETE FROM {part} WHERE {table.key[0]} IN ({keys})", (partition, offset))  # noqa: S608
    db.execute(f"DELETE FROM {old}", (partition, offset))  # noqa: S608
