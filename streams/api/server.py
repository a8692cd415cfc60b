"""The server process: the read model followed, the API served, until cancelled."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from streams.api.access import Access
from streams.api.app import create_app
from streams.api.intake import Intake
from streams.api.services import Services
from streams.api.streams import Streams
from streams.endpoint import Endpoint, is_loopback
from streams.errors import UsageError
from streams.readmodel.follow import Follower
from streams.readmodel.reader import Reader
from streams.sdk.producer import Producer
from streams.settings import Settings
from streams.telemetry.alive import reporting
from streams.telemetry.metrics import introduce

__all__ = ["access_of", "serve"]

_HEADER_BYTES = 32 * 1024
_CONNECTIONS = 1000
_IDLE_S = 5
_GRACE_S = 5
_GLANCE_S = 0.02


def access_of(settings: Settings) -> Access:
    """Who may do what; UsageError for an address that others reach without a token, and for an unfit one."""
    token = settings.token()
    if token is None and not (settings.api_open_reads or is_loopback(settings.api_host)):
        raise UsageError(
            f"{settings.api_host} can be reached from elsewhere: set NEWSLOOM_API_TOKEN (or NEWSLOOM_API_TOKEN_FILE), "
            "or serve on 127.0.0.1"
        )
    names = filter(None, map(str.strip, settings.api_hosts.split(",")))
    secret = token.get_secret_value() if token else None
    return Access.of(settings.api_host, names, secret, open_reads=settings.api_open_reads)


async def serve(endpoint: Endpoint, settings: Settings, *, say: Callable[[str], None] = lambda _: None) -> None:
    """Serve until cancelled; the read model is built, or caught up, beside it. `say` gets the address.

    UsageError when the address cannot be had.
    """
    access = access_of(settings)
    introduce("api", settings.state_dir)
    follower = Follower(endpoint, settings)
    reader = Reader(follower.path)
    intake = Intake(lambda: Producer(settings, bootstrap=endpoint))
    streams = Streams(endpoint, settings)
    services = Services(settings, reader, lambda: follower.standing, intake, streams)
    server = _Server(
        uvicorn.Config(
            create_app(services, access=access),
            host=settings.api_host,
            port=settings.api_port,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_S,
            timeout_graceful_shutdown=_GRACE_S,
            limit_concurrency=_CONNECTIONS,
            h11_max_incomplete_event_size=_HEADER_BYTES,
            lifespan="off",
        )
    )
    following = asyncio.create_task(follower.run())
    alive = asyncio.create_task(reporting(settings, "api"))
    serving = asyncio.create_task(server.serve())
    try:
        await _announced(server, serving, say)
        done, _ = await asyncio.wait({following, serving}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    except SystemExit as error:  # how uvicorn says that it cannot bind
        raise UsageError(f"cannot serve on {settings.api_host}:{settings.api_port}; is it in use?") from error
    finally:
        following.cancel()
        alive.cancel()
        streams.close()
        server.should_exit = True
        await asyncio.gather(following, alive, serving, return_exceptions=True)
        await intake.close()
        reader.close()


async def _announced(server: uvicorn.Server, serving: asyncio.Task[None], say: Callable[[str], None]) -> None:
    while not server.started and not serving.done():  # noqa: ASYNC110 - nobody tells us
        await asyncio.sleep(_GLANCE_S)
    if server.started:
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        say(f"serving http://{f'[{host}]' if ':' in host else host}:{port}/")


class _Server(uvicorn.Server):
    """Leaves signals to the command, which cancels us."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield
