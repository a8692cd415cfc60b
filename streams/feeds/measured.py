"""The poller's metrics, brought up to date once a second."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Final, get_args

from schemas.source import SourceOutcome
from streams.feeds.agenda import Agenda
from streams.feeds.status import Row
from streams.telemetry.metrics import FEED_NEXT, FEED_POLLS, FEEDS, FEEDS_DUE, FEEDS_RUNNING

__all__ = ["measure"]

_STANDINGS: Final = ("off", "waiting", "new", "unchanged", "failing", "failed", "gone")


def measure(table: Sequence[Row], agenda: Agenda, now: datetime) -> None:
    """Count the feeds of `table` by how they stand, and say what `agenda` has before it at the instant `now`."""
    for outcome in get_args(SourceOutcome):
        FEED_POLLS.labels(outcome)  # there from the start, so that the first one is an increase
    standings = Counter(row.standing for row in table)
    for standing in _STANDINGS:
        FEEDS.labels(standing).set(standings[standing])
    FEEDS_DUE.set(agenda.due(now))
    FEEDS_RUNNING.set(agenda.running)
    at = agenda.next_at()
    FEED_NEXT.set(float("nan") if at is None else max((at - now).total_seconds(), 0.0))
