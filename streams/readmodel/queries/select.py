"""A SELECT put together from conditions, and the page it gives."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from streams.readmodel.queries.cursor import Key, limit_of, read_cursor, write_cursor
from streams.readmodel.results import Page, Result

__all__ = ["Order", "Select", "paged"]

T = TypeVar("T", bound=Result)


@dataclass(frozen=True, slots=True)
class Order:
    """How a list is sorted: columns, all of them in one direction, the last one unique. `like` has their types."""

    name: str
    columns: tuple[str, ...]
    like: Key
    descending: bool = True

    def key(self, row: sqlite3.Row) -> Key:
        """The sorted-by values of `row`; columns go by their last name."""
        return tuple(row[column.rpartition(".")[2]] for column in self.columns)


@dataclass(slots=True)
class Select:
    """Collects conditions; every value is a parameter, every other text a constant of ours."""

    columns: str
    tables: str
    where: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def holds(self, condition: str, *values: Any) -> None:
        """Add a condition."""
        self.where.append(condition)
        self.values.extend(values)

    def equals(self, column: str, value: Any) -> None:
        """Add an equation, unless `value` is None."""
        if value is not None:
            self.holds(f"{column} = ?", value)

    def rows(self, db: sqlite3.Connection, order: Order, limit: int, after: Key | None) -> list[sqlite3.Row]:
        """The rows behind the key `after`, at most `limit`."""
        way, sign = ("DESC", "<") if order.descending else ("ASC", ">")
        where, values = list(self.where), list(self.values)
        if after is not None:
            where.append(f"({', '.join(order.columns)}) {sign} ({', '.join('?' * len(after))})")
            values.extend(after)
        text = f"SELECT {self.columns} FROM {self.tables}"  # noqa: S608 - constants; values are parameters
        text += f" WHERE {' AND '.join(where)}" if where else ""
        text += f" ORDER BY {', '.join(f'{column} {way}' for column in order.columns)} LIMIT ?"
        return db.execute(text, (*values, limit)).fetchall()


def paged(
    db: sqlite3.Connection,
    select: Select,
    order: Order,
    page: tuple[int, str | None],
    make: Callable[[list[sqlite3.Row]], list[T]],
) -> Page[T]:
    """One page of a list: `page` is the number of items wanted and the cursor to go on from."""
    limit, after = limit_of(page[0]), read_cursor(order.name, page[1], order.like)
    rows = select.rows(db, order, limit + 1, after)
    more = len(rows) > limit
    rows = rows[:limit]
    following = write_cursor(order.name, order.key(rows[-1])) if more else None
    return Page(items=tuple(make(rows)), next=following)
