"""What every request passes before any route sees it: host, rate, token, size; and what every answer carries."""

import logging
import time
from collections.abc import Callable, Iterable
from math import ceil

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.api.access import Access
from streams.api.problems import ProblemError, problem_response
from streams.api.rate import Buckets

__all__ = ["SECURITY_HEADERS", "BodyTooLargeError", "Guard"]

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    # A page that shows more says so itself.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""On every answer, unless the route has set them."""

_CHALLENGE = 'Bearer realm="newsloom", Basic realm="newsloom"'


class BodyTooLargeError(ProblemError):
    """A body beyond the limit, said or found out."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, "body_too_large", f"the body may have {limit} bytes", headers={"Connection": "close"})


class Guard:
    """The outermost layer of the API; `now` is a monotonic clock in seconds."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        access: Access,
        buckets: Buckets,
        body_bytes: int,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app = app
        self._access = access
        self._buckets = buckets
        self._body_bytes = body_bytes
        self._now = now

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or answer it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        begun = False

        async def with_headers(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            self._check(scope)
        except ProblemError as error:
            await problem_response(error)(scope, receive, with_headers)
            return
        try:
            await self._app(scope, self._bounded(receive), with_headers)
        except Exception:
            log.exception("%s %s", scope["method"], getattr(scope.get("route"), "path", "none"))
            if begun:
                raise
            bug = ProblemError(500, "error", "this should not have happened; the log says more")
            await problem_response(bug)(scope, receive, with_headers)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        if not self._access.knows(_only(headers.getlist("host"))):
            raise ProblemError(421, "wrong_host", "this server does not go by that name; NEWSLOOM_API_HOSTS adds one")
        client = (scope.get("client") or ("",))[0]
        if (wait := self._buckets.take(client, self._now())) > 0:
            raise ProblemError(429, "rate", "too many requests", headers={"Retry-After": str(ceil(wait))})
        match self._access.verdict(scope["method"], scope["path"], headers.get("authorization")):
            case "no_token":
                raise ProblemError(403, "no_token", "off: no NEWSLOOM_API_TOKEN is set")
            case "token":
                challenge = {"WWW-Authenticate": _CHALLENGE}
                raise ProblemError(401, "token", "a valid token is needed", headers=challenge)
            case _:
                pass
        said = headers.get("content-length", "0")
        if not said.isdecimal() or int(said[:20]) > self._body_bytes:
            raise BodyTooLargeError(self._body_bytes)

    def _bounded(self, receive: Receive) -> Receive:
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._body_bytes:
                raise BodyTooLargeError(self._body_bytes)
            return message

        return counted


def _only(values: Iterable[str]) -> str | None:
    """The one value; None when there is none, or more than one, which proxies take differently."""
    listed = list(values)
    return listed[0] if len(listed) == 1 else None
