"""robots.txt by RFC 9309, one answer an origin, kept for a while."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from streams.feeds.answers import Answer, Failed, Limits

__all__ = ["Robots"]


class Gets(Protocol):
    """What is needed of a `streams.feeds.fetch.Fetcher`."""

    async def get(self, url: str, *, limits: Limits, accept: str) -> Answer:
        """GET `url`."""
        ...


class Robots:
    """What the origins asked so far allow us; `clock` decides when an answer is too old."""

    def __init__(self, fetcher: Gets, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._clock = clock

    async def allows(self, url: str) -> bool | Failed:
        """Whether `url` may be fetched; Failed with reason `robots` when its robots.txt cannot be had now."""
        raise NotImplementedError
