"""Requests counted and timed, by route."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from streams.telemetry.metrics import HTTP_REQUESTS, HTTP_SECONDS

__all__ = ["Measure"]

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Measure:
    """Around the guard, so that what is refused counts, too. Labels are routes, never paths: those are endless."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and note how it went."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        noted = False

        def note(status: int) -> None:
            nonlocal noted
            noted = True
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if scope["method"] in _METHODS else "other"
            HTTP_REQUESTS.labels(method, route, str(status)).inc()
            HTTP_SECONDS.labels(route).observe(time.perf_counter() - started)

        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)
            # A stream has no end to wait for: its first piece counts.
            if message["type"] == "http.response.body" and not noted:
                note(status)

        try:
            await self._app(scope, receive, watched)
        finally:
            if not noted:
                note(status)
