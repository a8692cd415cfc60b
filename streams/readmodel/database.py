"""The SQLite file: where it is, how it is opened, and how it is made anew."""

import fcntl
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streams.readmodel.tables import VERSION, schema
from streams.settings import Settings

__all__ = ["discard", "dump", "made_for", "only_writer", "open_reader", "open_writer", "path_of", "reset"]

_BUSY_S = 10.0
_CACHE_KIB = 32 * 1024
_STATEMENTS = 256


def path_of(settings: Settings) -> Path:
    """The read model of a lane."""
    return settings.state_dir / "readmodel" / f"{settings.lane or 'live'}.sqlite"


@contextmanager
def only_writer(path: Path) -> Iterator[bool]:
    """Whether this process may write the read model: true for one at a time. The lock goes with its process."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.with_suffix(".lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def open_writer(path: Path) -> sqlite3.Connection:
    """Open for writing, by the one who holds the lock; a file that is no database any more is thrown away."""
    try:
        return _writer(path)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise
        discard(path)
        return _writer(path)


def discard(path: Path) -> None:
    """Throw the file away, with what belongs to it: by the one who holds the lock."""
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)


def _writer(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    connection = _connected(str(path))
    # A power cut may lose the last transactions, never half of one: they are read from the topics again.
    connection.executescript("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL")
    if version_of(connection) != VERSION:
        reset(connection)
    return connection


def open_reader(path: Path) -> sqlite3.Connection:
    """Open for reading; OperationalError while there is no read model yet."""
    connection = _connected(f"{path.absolute().as_uri()}?mode=ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connected(where: str) -> sqlite3.Connection:
    # One thread at a time uses a connection, not always the same.
    connection = sqlite3.connect(
        where, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=_STATEMENTS, uri=True
    )
    connection.row_factory = sqlite3.Row
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA temp_store = MEMORY")
    return connection


def version_of(connection: sqlite3.Connection) -> int:
    """Version of the tables; 0 for an empty file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def reset(connection: sqlite3.Connection, **meta: str) -> None:
    """Empty tables of this version, in one transaction; `meta` is what they are made for."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Virtual tables first: theirs go with them.
        for name, sql in connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL "
            "ORDER BY sql NOT LIKE 'CREATE VIRTUAL%'"
        ).fetchall():
            if sql.startswith("CREATE VIRTUAL") or "_fts_" not in name:
                connection.execute(f'DROP TABLE IF EXISTS "{name}"')
        for statement in schema():
            connection.execute(statement)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", sorted(meta.items()))
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def made_for(connection: sqlite3.Connection) -> dict[str, str]:
    """What the tables were made for."""
    return {row["name"]: row["value"] for row in connection.execute("SELECT name, value FROM meta")}


def dump(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table in a fixed order, rowids left out: two read models with equal dumps answer alike."""
    from streams.readmodel.tables import POSITION, TABLES  # noqa: PLC0415

    found = {}
    for table in (POSITION, *TABLES.values()):
        names = ", ".join(f'"{name}"' for name in table.columns if name not in table.hidden)
        rows = connection.execute(f"SELECT {names} FROM {table.name} ORDER BY {names}")  # noqa: S608 - our names
        found[table.name] = [tuple(row) for row in rows]
    return found
