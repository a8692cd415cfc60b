"""Feeds parsed in processes that can be killed: some feeds parse for an hour, or eat all memory."""

from types import TracebackType
from typing import Self

from streams.feeds.parse import ParsedFeed, ParseFailed

__all__ = ["Parser"]


class Parser:
    """Asynchronous context manager over `processes` parsers; each feed has `deadline_s` and `memory_mb`."""

    def __init__(self, *, processes: int = 1, deadline_s: float = 10.0, memory_mb: int = 1024) -> None:
        self._processes = processes
        self._deadline_s = deadline_s
        self._memory_mb = memory_mb

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def parse(self, body: bytes, media_type: str, charset: str | None, url: str) -> ParsedFeed | ParseFailed:
        """As `streams.feeds.parse.parse_feed`, with reason `deadline` or `memory` for what had to be killed."""
        raise NotImplementedError
