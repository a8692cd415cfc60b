"""Templates into answers: every value escaped, nothing loaded from elsewhere, unchanged pages not sent again."""

import gzip
from collections.abc import Callable
from functools import cache, partial
from hashlib import blake2b
from importlib.resources import files
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, PackageLoader, StrictUndefined

from streams import clock
from streams.api.pages import wording
from streams.api.problems import ProblemError
from streams.readmodel.queries import CursorError
from streams.readmodel.reader import UnreadyError
from streams.text.opening import opening

__all__ = ["CONTENT_SECURITY_POLICY", "STATIC", "PageRoute", "packed", "page", "static_file"]

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Of every page: no inline script or style, nothing from another origin."""

STATIC = {"style.css": "text/css", "live.js": "text/javascript", "icon.svg": "image/svg+xml"}
"""What pages load, by name, and its media type."""

_YEAR_S = 365 * 24 * 3600
_GZIP_LEVEL = 6
_OK, _BAD, _NOT_FOUND, _NOT_READY = 200, 400, 404, 503


@cache
def static_file(name: str) -> tuple[bytes, str]:
    """Content of a static file and the mark of this version of it; KeyError when there is none."""
    STATIC[name]
    content = (files(__package__) / "static" / name).read_bytes()
    return content, blake2b(content, digest_size=6).hexdigest()


def static_url(name: str) -> str:
    """Address of a static file that changes with its content."""
    return f"/static/{name}?v={static_file(name)[1]}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("streams.api.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("amount", "clock_time", "counted", "day", "duration", "exact_time", "host_of", "listed", "web_link"):
        environment.filters[name] = getattr(wording, name)
    environment.filters["opening"] = opening
    environment.globals["static_url"] = static_url
    return environment


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:
    """The page that `template` makes, or 304 when the browser has it."""
    now = clock.now()
    body = _environment().get_template(template).render(now=now, ago=partial(wording.ago, now=now), **context).encode()
    headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-cache"}
    return packed(request, body, "text/html; charset=utf-8", headers, status=status)


def packed(request: Request, body: bytes, media_type: str, headers: dict[str, str], *, status: int = _OK) -> Response:
    """`body` with an ETag, in gzip for who takes it, or 304 for who has it; weak, for it is of the unpacked body."""
    etag = f'W/"{blake2b(body, digest_size=12).hexdigest()}"'
    headers = headers | {"ETag": etag, "Vary": "Accept-Encoding"}
    if status == _OK and etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, _GZIP_LEVEL, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status, headers=headers, media_type=media_type)


class PageRoute(APIRoute):
    """A route for people: what goes wrong is a page, too."""

    def get_route_handler(self) -> Callable[[Request], Any]:
        """The handler, with errors as pages."""
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                found: Response = await handler(request)
            except UnreadyError:
                found = page(request, "trouble.html", status=_NOT_READY, title="Warming up", text=_WARMING)
                found.headers["Retry-After"] = "2"
            except CursorError:
                found = page(request, "trouble.html", status=_BAD, title="No such page", text=_CURSOR)
            except ProblemError as error:
                if error.status != _NOT_FOUND:
                    raise
                found = page(request, "trouble.html", status=_NOT_FOUND, title="Not here", text=_MISSING)
            return found

        return handle


_WARMING = "The pages are being put together from the topics. This takes a moment after the first start."
_CURSOR = "This is not a place in the list, or no longer. Start again from its beginning."
_MISSING = "There is nothing by that name, or no longer: old stories and articles are forgotten in time."
