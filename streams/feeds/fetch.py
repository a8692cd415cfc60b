"""HTTP GET of what strangers serve: one session, every hop checked, every byte counted.

Redirects are followed by hand, since each hop may lead anywhere; the address is checked where the socket is made,
after DNS, so that neither a name, nor a spelling of an address, nor a resolver that changes its mind gets past it.
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from importlib.metadata import version
from types import TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver
from multidict import CIMultiDictProxy
from yarl import URL

from streams.feeds import headers as read
from streams.feeds.addresses import Allowance, allowance
from streams.feeds.answers import Answer, Failed, Fetched, Limits, NotModified, Reason, Validators
from streams.feeds.hops import REDIRECTS, Trail, failure, target
from streams.feeds.hosts import Hosts, Visit
from streams.feeds.intake import Intake, UnfitBodyError
from streams.feeds.names import Names
from streams.settings import Settings
from streams.text.urls import registrable_domain

__all__ = [
    "FEEDS",
    "PAGES",
    "Answer",
    "Failed",
    "Fetched",
    "Fetcher",
    "Limits",
    "NotModified",
    "Policy",
    "Reason",
    "Validators",
]

FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, */*;q=0.5"
"""`Accept` for a feed."""

PAGES = "text/html, application/xhtml+xml, */*;q=0.5"
"""`Accept` for an article page."""

_CONNECTIONS = 100
_RESOLVE_S = 10.0
_SUCCESS = frozenset({200, 203})
_NOT_MODIFIED = 304
_FAILURES: tuple[tuple[type[Exception], Reason], ...] = (  # from the narrow to the wide
    (TimeoutError, "timeout"),
    (aiohttp.ClientConnectorDNSError, "dns"),
    (aiohttp.ClientSSLError, "tls"),
    (aiohttp.ClientConnectorError, "connect"),
    (aiohttp.InvalidURL, "bad_url"),
    (aiohttp.ClientError, "broken_response"),
    (OSError, "connect"),
    (ValueError, "bad_url"),
)


@dataclass(frozen=True, slots=True)
class Policy:
    """Who we say we are, and where we may go beyond the public web."""

    user_agent: str
    allowance: Allowance = field(default_factory=Allowance)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The policy that the settings ask for; UsageError when `fetch_allow` cannot be read."""
        contact = f" (+{settings.fetch_contact})" if settings.fetch_contact else ""
        return cls(f"newsloom/{version('newsloom')}{contact}", allowance(settings.fetch_allow))


@dataclass(slots=True)
class _Hop:
    """What the socket factory must know of the request it makes a socket for, and what it has to say."""

    name: str
    refused: str | None = None


_HOP: ContextVar[_Hop] = ContextVar("hop")


class Fetcher:
    """Asynchronous context manager over one HTTP session.

    With `hosts`, each hop to another site waits for its host's turn before its time begins to count.
    `clock` gives the present instant; dates in headers are measured against it. `names` looks up hosts, the system by
    default, and is closed with the session.
    """

    def __init__(
        self,
        policy: Policy,
        clock: Callable[[], datetime],
        *,
        hosts: Hosts | None = None,
        names: AbstractResolver | None = None,
    ) -> None:
        self._policy = policy
        self._clock = clock
        self._hosts = hosts
        self._names = names or Names()
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> Self:
        connector = aiohttp.TCPConnector(
            resolver=self._names, use_dns_cache=False, socket_factory=self._socket, limit=_CONNECTIONS
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": self._policy.user_agent, "Accept-Encoding": "gzip"},
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()
        await self._names.close()

    async def get(
        self, url: str, *, validators: Validators | None = None, limits: Limits | None = None, accept: str = FEEDS
    ) -> Answer:
        """GET `url`; never raises for what the network or the server does."""
        start, limits = target(url), limits or Limits()
        if isinstance(start, Failed):
            return start
        headers = {"Accept": accept, **_conditions(validators)}
        trail, left_s = Trail(start, limits.max_redirects), limits.total_s
        while True:
            site = registrable_domain(str(trail.url))
            async with self._turn(trail.url) as visit:
                while registrable_domain(str(trail.url)) == site:  # one visit, however often the site sends us on
                    begun = asyncio.get_running_loop().time()
                    answer = await self._hop(trail, headers, limits, left_s)
                    left_s -= asyncio.get_running_loop().time() - begun
                    if answer is not None:
                        _note(visit, answer)
                        return answer

    @asynccontextmanager
    async def _turn(self, url: URL) -> AsyncIterator[Visit]:
        if self._hosts is None:
            yield Visit()
            return
        async with self._hosts.turn(*await self._keys(url)) as visit:
            yield visit

    async def _keys(self, url: URL) -> tuple[str, ...]:
        """What a host is known by: its registrable domain and its address."""
        site = registrable_domain(str(url)) or url.host or ""
        try:
            async with asyncio.timeout(_RESOLVE_S):
                found = await self._names.resolve(url.host or "", url.port or 0, socket.AF_UNSPEC)
        except (OSError, ValueError):
            return (site,)  # the request itself will say so
        return site, *(address["host"] for address in found[:1])

    async def _hop(self, trail: Trail, headers: dict[str, str], limits: Limits, left_s: float) -> Answer | None:
        """One request and its answer; None when it led on to `trail`'s next URL."""
        hop = _Hop(trail.url.host or "")
        _HOP.set(hop)
        try:
            async with asyncio.timeout(left_s):
                return await self._ask(trail, headers, limits)
        except UnfitBodyError as error:
            return Failed(error.reason, str(error), url=str(trail.url))
        except tuple(kind for kind, _ in _FAILURES) as error:
            if hop.refused is not None:
                return Failed("refused_address", hop.refused, url=str(trail.url))
            reason = next(reason for kind, reason in _FAILURES if isinstance(error, kind))
            return Failed(reason, _detail(error), url=str(trail.url))

    async def _ask(self, trail: Trail, headers: dict[str, str], limits: Limits) -> Answer | None:
        timeout = aiohttp.ClientTimeout(total=None, connect=limits.connect_s)
        async with self._session.get(trail.url, headers=headers, allow_redirects=False, timeout=timeout) as response:
            stated, url = response.headers, str(trail.url)
            if response.status in REDIRECTS:
                return trail.follow(response.status, stated.get("Location"))
            if response.status == _NOT_MODIFIED:
                return self._unchanged(trail, stated)
            if response.status not in _SUCCESS:
                return failure(url, response.status, stated, self._clock())
            body = await _body(response, limits)
            return self._fetched(trail, response.status, stated, body)

    def _unchanged(self, trail: Trail, stated: CIMultiDictProxy[str]) -> NotModified:
        now = self._clock()
        return NotModified(
            url=str(trail.url),
            validators=read.validators(stated),
            max_age_s=read.max_age_s(stated),
            expires_at=read.expires_at(stated, now),
            retry_after_s=read.retry_after_s(stated.get("Retry-After"), now),
            permanent_url=trail.permanent_url,
        )

    def _fetched(self, trail: Trail, status: int, stated: CIMultiDictProxy[str], body: bytes) -> Fetched:
        known = self._unchanged(trail, stated)
        return Fetched(
            url=known.url,
            status=status,
            body=body,
            media_type=read.media_type(stated),
            charset=read.charset(stated),
            validators=known.validators,
            body_hash=blake2b(body, digest_size=16).hexdigest(),
            max_age_s=known.max_age_s,
            expires_at=known.expires_at,
            retry_after_s=known.retry_after_s,
            permanent_url=known.permanent_url,
        )

    def _socket(self, info: tuple[int, int, int, str, tuple[str, int]]) -> socket.socket:
        family, kind, protocol, _, address = info
        hop = _HOP.get()
        refusal = self._policy.allowance.refusal(address[0], address[1], name=hop.name)
        if refusal is not None:
            hop.refused = refusal
            raise PermissionError(refusal)
        return socket.socket(family, kind, protocol)


def _conditions(validators: Validators | None) -> dict[str, str]:
    known = validators or Validators()
    stated = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in stated.items() if value is not None}


async def _body(response: aiohttp.ClientResponse, limits: Limits) -> bytes:
    intake = Intake(limits, response.headers.get("Content-Encoding", ""), length=response.content_length)
    async for piece in response.content.iter_any():
        intake.take(piece)
    return intake.whole()


def _note(visit: Visit, answer: Answer) -> None:
    if isinstance(answer, Failed) and answer.reason == "throttled":
        visit.throttled, visit.retry_after_s = True, answer.retry_after_s


def _detail(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}".removesuffix(": ")
    return "".join(c if c.isprintable() else "?" for c in text[:300])
