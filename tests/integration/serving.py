"""The API's server, for tests: in the test's own loop, or as a process that can be killed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from streams.api.server import serve
from streams.endpoint import Endpoint
from streams.settings import Settings
from tests.integration.harness import until

__all__ = ["served"]

_OK = 200


@asynccontextmanager
async def served(endpoint: Endpoint, settings: Settings, **changes: Any) -> AsyncIterator[str]:
    """Address of a server of this lane, on a port of its own."""
    said: list[str] = []
    settings = settings.model_copy(update={"api_port": 0, "api_rate": 0.0} | changes)
    task = asyncio.create_task(serve(endpoint, settings, say=said.append))
    try:
        await until(lambda: bool(said) or task.done(), "the server listens")
        if task.done():
            task.result()
        url = said[0].split()[1].rstrip("/")
        await until(lambda: _ready(url), "the read model is level")
        yield url
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _ready(url: str) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as response:
        return response.status == _OK
