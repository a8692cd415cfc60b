"""The fourteen rows, in their order."""

from streams.chaos.row import Row
from streams.chaos.rows import broker, documents, inputs, machines, network, workers

__all__ = ["ROWS"]

ROWS: tuple[Row, ...] = (
    workers.KILLS,
    workers.ZOMBIES,
    broker.DEATHS,
    workers.SCALING,
    broker.SLOW,
    inputs.POISON,
    inputs.OVERSIZE,
    broker.FULL,
    machines.STORES,
    machines.CLOCKS,
    inputs.REPEATS,
    network.CUT,
    network.BAD,
    documents.ENDLESS,
)
