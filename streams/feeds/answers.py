"""What a fetch may cost, and what can come of it. Nothing here does I/O."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

__all__ = ["Answer", "Failed", "Fetched", "Limits", "NotModified", "Reason", "Validators"]

MIB = 1024 * 1024

Reason = Literal[
    "bad_url",  # no http(s) URL, or credentials in it
    "refused_address",  # a private address or a port that the operator has not allowed
    "dns",
    "connect",
    "tls",
    "timeout",
    "broken_response",  # no HTTP, or cut short
    "too_large",
    "bad_ratio",  # decompresses to more than any text does
    "bad_encoding",  # not gzip, or damaged gzip
    "redirects",  # too many, in a circle, without a target, or from https to http
    "throttled",  # 429, or 503 with Retry-After
    "unavailable",  # any other 5xx
    "gone",  # 410
    "not_found",  # 404
    "http_error",  # any other status that is no success
    "robots",  # robots.txt cannot be had, so nothing may be fetched
]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one `get` may cost, all its hops together; sizes in bytes, times in seconds.

    `max_bytes` counts the decoded body, and the body as sent. `max_ratio` is decoded to
    sent and holds above 1 MiB decoded. `total_s` is from the first connect to the last byte,
    without the wait for a host's turn; `connect_s` is of each connection, with its DNS.
    """

    max_bytes: int = 15 * MIB
    max_ratio: int = 100
    max_redirects: int = 5
    total_s: float = 30.0
    connect_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Validators:
    """`ETag` and `Last-Modified` of a response: opaque, and sent back unchanged."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """A whole response with status 200.

    `url` is where it was found after redirects, `permanent_url` the last URL that only
    permanent redirects (301, 308) led to, None without any. `body` is decoded; `body_hash`
    is of it. `media_type` is lower case, without parameters, empty when not stated.
    `max_age_s` and `expires_at` are what the server says about freshness.
    """

    url: str
    status: int
    body: bytes = field(repr=False)
    media_type: str
    charset: str | None
    validators: Validators
    body_hash: str
    max_age_s: int | None = None
    expires_at: datetime | None = None
    retry_after_s: float | None = None
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class NotModified:
    """Status 304; its validators are None where the server did not repeat them."""

    url: str
    validators: Validators = field(default_factory=Validators)
    max_age_s: int | None = None
    expires_at: datetime | None = None
    retry_after_s: float | None = None
    permanent_url: str | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """No response that can be used. `detail` is for people; `retry_after_s` is what the server asked for.

    `url` is the hop that failed, `status` its status when it answered.
    """

    reason: Reason
    detail: str = ""
    status: int | None = None
    retry_after_s: float | None = None
    url: str | None = None


Answer = Fetched | NotModified | Failed
"""What `streams.feeds.fetch.Fetcher.get` gives."""
