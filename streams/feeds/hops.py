"""The hops of a fetch: where each may go, and what a status means. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from yarl import URL

from streams.feeds.answers import Failed, Reason
from streams.feeds.headers import retry_after_s

__all__ = ["PERMANENT", "REDIRECTS", "Trail", "failure", "target"]

PERMANENT = frozenset({301, 308})
REDIRECTS = PERMANENT | {302, 303, 307}

_MAX_URL = 8192
_REASONS: Mapping[int, Reason] = {404: "not_found", 410: "gone", 429: "throttled"}
_UNAVAILABLE = 503
_SERVER_ERRORS = range(500, 600)


def target(url: str) -> URL | Failed:
    """The http(s) URL to ask for, without its fragment; Failed when `url` is none, or holds credentials."""
    if len(url) > _MAX_URL or not url.isprintable():
        return Failed("bad_url", f"longer than {_MAX_URL} characters, or not printable")
    try:
        found = URL(url.strip()).with_fragment(None)
        wrong = _wrong(found)
    except (ValueError, TypeError) as error:
        wrong = str(error)[:200]
    return Failed("bad_url", wrong) if wrong else found


def _wrong(url: URL) -> str | None:
    if url.scheme not in {"http", "https"}:
        return f"scheme {url.scheme[:40]!r} is not http or https"
    if not url.host or not url.port or " " in url.host:
        return "no host, or none that can be"
    if url.user is not None or url.password is not None:
        return "credentials in a URL would be stored and shown"
    return f"longer than {_MAX_URL} characters once it is escaped" if len(str(url)) > _MAX_URL else None


def failure(url: str, status: int, headers: Mapping[str, str], now: datetime) -> Failed:
    """What a status that is neither success nor redirect nor 304 means."""
    wait_s = retry_after_s(headers.get("Retry-After"), now)
    reason: Reason = _REASONS.get(status, "unavailable" if status in _SERVER_ERRORS else "http_error")
    if status == _UNAVAILABLE and wait_s is not None:
        reason = "throttled"
    return Failed(reason, f"HTTP status {status}", status, wait_s, url)


@dataclass(slots=True)
class Trail:
    """The hops so far: `url` is where the fetch is now, `permanent_url` where only 301 and 308 led."""

    url: URL
    left: int
    permanent_url: str | None = None
    _lasting: bool = True
    _seen: frozenset[URL] = frozenset()

    def follow(self, status: int, location: str | None) -> Failed | None:
        """Go on to `location`; Failed when that must not be."""
        here = str(self.url)
        if self.left == 0:
            return Failed("redirects", "too many", status, url=here)
        try:
            onward = target(str(self.url.join(URL((location or "").strip()))))
        except (ValueError, TypeError) as error:
            return Failed("redirects", f"to no URL: {error}"[:200], status, url=here)
        if isinstance(onward, Failed):
            return Failed("redirects", f"to a bad URL: {onward.detail}", status, url=here)
        if not location or onward in self._seen | {self.url}:
            return Failed("redirects", "in a circle" if location else "to nowhere", status, url=here)
        if self.url.scheme == "https" and onward.scheme == "http":
            return Failed("redirects", "from https to http", status, url=here)
        self._lasting = self._lasting and status in PERMANENT
        self.permanent_url = str(onward) if self._lasting else self.permanent_url
        self._seen |= {self.url}
        self.url, self.left = onward, self.left - 1
        return None
