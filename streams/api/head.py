"""HEAD, wherever GET is answered: FastAPI's routes would refuse it."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Head"]


class Head:
    """Ask for what GET would give, and pass on its status and headers alone. A stream ends with its headers."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; HEAD as GET, in a scope of its own, for the server reads the method too."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        inner = dict(scope, method="GET")

        async def headers_only(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["route"] = inner.get("route")
                await send(message)
                await send({"type": "http.response.body", "body": b""})

        await self._app(inner, receive, headers_only)
