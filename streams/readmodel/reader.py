"""Asking the read model from an event loop: queries run in a few threads, each with a connection of its own."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from streams.readmodel.database import open_reader, version_of
from streams.readmodel.tables import VERSION

__all__ = ["Reader", "UnreadyError"]

P = ParamSpec("P")
T = TypeVar("T")

_THREADS = 4


class UnreadyError(Exception):
    """There is no read model yet, or it is being made anew."""


class Reader:
    """Asks one read model; `close` it at the end.

    `await reader.ask(queries.story, "sty_...")` runs a query of `streams.readmodel.queries`.
    """

    def __init__(self, path: Path, *, threads: int = _THREADS) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="readmodel")
        self._local = threading.local()
        self._open: list[sqlite3.Connection] = []

    async def ask(
        self, query: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **options: P.kwargs
    ) -> T:
        """The answer of `query` to these arguments; UnreadyError when there is nothing to ask."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: self._run(query, args, options))

    def _run(self, query: Callable[..., T], args: tuple[Any, ...], options: dict[str, Any]) -> T:
        try:
            connection = self._connection()
            connection.execute("BEGIN")  # all statements of a query see one state
            try:
                return query(connection, *args, **options)
            finally:
                connection.execute("COMMIT")
        except sqlite3.DatabaseError as error:
            self._forget()
            raise UnreadyError(f"the read model cannot be read: {error}") from error

    def _connection(self) -> sqlite3.Connection:
        inode = self._path.stat().st_ino if self._path.exists() else None
        if getattr(self._local, "inode", None) != inode:
            self._forget()  # the file was thrown away, and there may be a new one
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = open_reader(self._path)
            self._local.connection, self._local.inode = found, inode
            self._open.append(found)
            if version_of(found) != VERSION:
                self._forget()
                raise UnreadyError("the read model is being made anew")
        return found

    def _forget(self) -> None:
        """Begin anew with the next question: the file may be another one by then."""
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is not None:
            self._local.connection = None
            self._open.remove(found)
            found.close()

    def close(self) -> None:
        """End the threads and their connections."""
        self._pool.shutdown()
        for connection in self._open:
            connection.close()
