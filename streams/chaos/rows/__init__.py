"""The fourteen rows, in their order."""

from streams.chaos.row import Row
from streams.chaos.rows.workers import KILLS

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (KILLS,)
