"""The API over a read model of our small day of news, called in process; documents go into a list."""

import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
from fastapi import FastAPI

from schemas import RawDocument
from streams.api.access import Access
from streams.api.app import create_app
from streams.api.intake import Intake
from streams.api.services import Services
from streams.errors import BrokerError
from streams.ingest.options import Refused
from streams.ingest.sender import Ack
from streams.memory import MemoryPipeline
from streams.readmodel.follow import Standing
from streams.readmodel.reader import Reader
from streams.settings import Settings
from streams.topics import RAW
from tests.readmodel_builders import built

__all__ = ["TOKEN", "Landing", "app_over", "called", "serving"]

TOKEN = "a-token-for-tests-only"  # noqa: S105 - as it says


class Landing:
    """Where posted documents land; with `fails_after`, a broker that goes away behind so many."""

    def __init__(self, fails_after: int | None = None) -> None:
        self.documents: list[RawDocument] = []
        self.fails_after = fails_after
        self.opened = 0
        self.traceparents: list[str | None] = []

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Landing"]:
        """As a producer is opened."""
        self.opened += 1
        yield self

    async def send_many(
        self, items: AsyncIterator[RawDocument], *, traceparent: str | None
    ) -> AsyncGenerator[Ack | Refused, None]:
        """An answer for each document, in order."""
        self.traceparents.append(traceparent)
        async for document in items:
            if self.fails_after is not None and len(self.documents) >= self.fails_after:
                raise BrokerError("broker 127.0.0.1:9: gone")
            self.documents.append(document)
            yield Ack(document.document_id, RAW.name, 0, len(self.documents) - 1, 1)


def app_over(
    path: Path,
    *,
    landing: Landing | None = None,
    settings: Settings | None = None,
    access: Access | None = None,
    standing: Standing | None = None,
) -> FastAPI:
    """The API over the read model at `path`; its reader is closed by `serving`."""
    level = standing or Standing(writes=True, lag=0, level_at=time.monotonic(), applied=1)
    intake = Intake((landing or Landing()).open)
    services = Services(settings or Settings(api_rate=0), Reader(path, threads=1), lambda: level, intake)
    return create_app(services, access=access or Access.of("127.0.0.1", (), TOKEN))


@contextmanager
def serving(path: Path, pipeline: MemoryPipeline | None = None, **options: object) -> Iterator[FastAPI]:
    """The API over a read model built at `path` of what `pipeline` made, or of our small day of news."""
    built(path, pipeline).close()
    app = app_over(path, **options)  # type: ignore[arg-type]
    try:
        yield app
    finally:
        app.state.services.reader.close()


@asynccontextmanager
async def called(app: FastAPI, *, host: str = "127.0.0.1:8600") -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app`, without a token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client:
        yield client
