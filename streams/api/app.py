"""The application: routes behind the guard, errors as problems, OpenAPI as published."""

from importlib.metadata import version

from fastapi import FastAPI

from streams.api import articles, documents, feeds, health, overview, stories, stream
from streams.api.access import Access
from streams.api.guard import Guard
from streams.api.head import Head
from streams.api.measure import Measure
from streams.api.pages import routes as pages
from streams.api.problems import handle_problems
from streams.api.rate import Buckets
from streams.api.services import Services

__all__ = ["create_app"]

_ABOUT = """Articles and stories woven by newsloom, read from a local model of its topics.

Lists are pages: `next` is the cursor of the next one. Errors are problem details (RFC 9457) with a `reason`. Times are
UTC. The id of a merged story leads to where it went with a 308."""

_BURST = 4.0


def create_app(services: Services, *, access: Access | None = None) -> FastAPI:
    """The API over `services`; without `access` it answers to names of this machine, and takes no writes."""
    app = FastAPI(
        title="newsloom",
        version=version("newsloom"),
        description=_ABOUT,
        openapi_url="/v1/openapi.json",
        # Their pages would load scripts from elsewhere.
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    for module in (articles, stories, overview, documents, stream, feeds, health, pages):
        app.include_router(module.router)
    handle_problems(app)
    settings = services.settings
    app.add_middleware(Head)
    app.add_middleware(
        Guard,
        access=access or Access.of("127.0.0.1", (), None),
        buckets=Buckets(settings.api_rate, _BURST * settings.api_rate),
        body_bytes=settings.api_body_bytes,
    )
    app.add_middleware(Measure)
    return app
