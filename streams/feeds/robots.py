"""robots.txt by RFC 9309, one answer an origin, kept for a while."""

import asyncio
import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from protego import Protego

from streams.feeds.answers import Answer, Failed, Fetched, Limits, Reason
from streams.feeds.hops import target

__all__ = ["AGENT", "Gets", "Robots", "Rules"]

AGENT: Final = "newsloom"
"""Our product token: what a `User-agent` line calls us."""

_LIMITS = Limits(max_bytes=4 * 1024 * 1024)
_READ = 512 * 1024
_KEPT = 10_000
_LONGEST = timedelta(hours=24)
_SHORTEST = timedelta(minutes=5)
_NEVER = datetime.min.replace(tzinfo=UTC)
_RETRY = timedelta(minutes=10)
# "Unavailable" in the RFC: there are no rules. Anything else that fails is "unreachable": nothing may be fetched.
_NO_RULES: frozenset[Reason] = frozenset({"not_found", "gone", "http_error", "redirects"})
_OTHERS = re.compile(rf"^[ \t]*user[- ]?agent\b(?![^\n]*(?:\*|{AGENT}))[^\n]*", re.IGNORECASE | re.MULTILINE)


class Gets(Protocol):
    """What is needed of a `streams.feeds.fetch.Fetcher`."""

    async def get(self, url: str, *, limits: Limits, accept: str) -> Answer:
        """GET `url`."""
        ...


class Rules:
    """The rules of one robots.txt for us; its first 512 KiB count, as the RFC allows."""

    def __init__(self, body: bytes) -> None:
        text = "\n".join(body[:_READ].decode("utf-8-sig", "replace").splitlines())
        # The parser keeps a set of rules for each agent, and adds a rule to all of its group: thousands of both
        # would take it minutes. The others need no names.
        self._rules = Protego.parse(_OTHERS.sub("User-agent: other", text))

    def allow(self, url: str) -> bool:
        """Whether we may fetch `url`: the longest rule that fits decides, `Allow` when two are as long."""
        return self._rules.can_fetch(url, AGENT)


@dataclass(slots=True)
class _Origin:
    """What one origin answered; empty until the first answer."""

    answer: Rules | bool | Failed = True
    until: datetime = _NEVER
    asking: asyncio.Lock = field(default_factory=asyncio.Lock)


class Robots:
    """What the origins asked so far allow us; `clock` decides when an answer is too old.

    An answer is kept as long as its `max-age` says, from 5 minutes to 24 hours (without one, 24 hours); that of an
    origin that could not be reached for 10 minutes.
    """

    def __init__(self, fetcher: Gets, clock: Callable[[], datetime]) -> None:
        self._fetcher = fetcher
        self._clock = clock
        self._origins: OrderedDict[str, _Origin] = OrderedDict()

    async def allows(self, url: str) -> bool | Failed:
        """Whether `url` may be fetched; Failed with reason `robots` when its robots.txt cannot be had now."""
        found = target(url)
        if isinstance(found, Failed):
            return found
        origin = self._origin(str(found.origin()))
        async with origin.asking:
            if origin.until <= self._clock():
                await self._ask(origin, str(found.origin().with_path("/robots.txt")))
        answer = origin.answer
        return answer.allow(str(found)) if isinstance(answer, Rules) else answer

    def _origin(self, name: str) -> _Origin:
        origin = self._origins.setdefault(name, _Origin())
        self._origins.move_to_end(name)
        while len(self._origins) > _KEPT:
            self._origins.popitem(last=False)
        return origin

    async def _ask(self, origin: _Origin, url: str) -> None:
        got = await self._fetcher.get(url, limits=_LIMITS, accept="text/plain, */*;q=0.5")
        kept = _LONGEST
        if isinstance(got, Fetched):
            origin.answer = await asyncio.to_thread(Rules, got.body)  # a hostile one takes two seconds
            if got.max_age_s is not None:
                kept = min(max(timedelta(seconds=min(got.max_age_s, _LONGEST.total_seconds())), _SHORTEST), _LONGEST)
        elif isinstance(got, Failed) and got.reason not in _NO_RULES:
            origin.answer = Failed("robots", f"{url}: {got.reason} {got.detail}", got.status, got.retry_after_s, url)
            kept = max(_RETRY, timedelta(seconds=got.retry_after_s or 0))
        else:
            origin.answer = True
        origin.until = self._clock() + kept
