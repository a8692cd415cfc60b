"""HTTP GET of what strangers serve: one session, every hop checked, every byte counted.

Redirects are followed by hand, since each hop may lead anywhere; the address is checked where the socket is made,
after DNS, so that neither a name, nor a spelling of an address, nor a resolver that changes its mind gets past it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from types import TracebackType
from typing import Self

from streams.feeds.addresses import Allowance, allowance
from streams.feeds.answers import Answer, Failed, Fetched, Limits, NotModified, Reason, Validators
from streams.feeds.hosts import Hosts
from streams.settings import Settings

__all__ = ["Answer", "Failed", "Fetched", "Fetcher", "Limits", "NotModified", "Policy", "Reason", "Validators"]

FEEDS = "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, */*;q=0.5"
"""`Accept` for a feed."""

PAGES = "text/html, application/xhtml+xml, */*;q=0.5"
"""`Accept` for an article page."""


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


class Fetcher:
    """Asynchronous context manager over one HTTP session.

    With `hosts`, each hop waits for its host's turn before its time begins to count.
    `clock` gives the present instant; dates in headers are measured against it.
    """

    def __init__(self, policy: Policy, clock: Callable[[], datetime], *, hosts: Hosts | None = None) -> None:
        self._policy = policy
        self._clock = clock
        self._hosts = hosts

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    async def get(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        accept: str = FEEDS,
    ) -> Answer:
        """GET `url`; never raises for what the network or the server does."""
        raise NotImplementedError
