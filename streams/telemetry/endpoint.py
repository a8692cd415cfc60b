"""`GET /metrics` of a worker, a poller, a watcher or `newsloom up`, from a thread of its own.

What is asked for is put together in that thread, so a scrape delays no record. `newsloom up` answers for its children,
too: each listens on a loopback port of its own, which it notes in the state folder.
"""

import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import AF_INET6
from threading import Thread
from typing import Final
from urllib.request import ProxyHandler, build_opener

from streams.errors import UsageError
from streams.settings import Settings
from streams.telemetry.alive import worker_names
from streams.telemetry.merged import merged
from streams.telemetry.metrics import CONTENT_TYPE, Role, exposition, introduce

__all__ = ["family", "serving", "serving_family"]

log = logging.getLogger("newsloom.metrics")

_SILENCE_S: Final = 5.0
_CHILD_S: Final = 2.0
_CHILD_BYTES: Final = 16 * 1024 * 1024


@contextmanager
def serving(settings: Settings, role: Role, name: str) -> Iterator[None]:
    """Serve the metrics of this process for the time of the context, where `settings.metrics_port` is set.

    `name` is what `newsloom up` knows the process by. UsageError when the address cannot be had.
    """
    with _serving(settings, role, lambda: exposition(role)) as port:
        note = _note(settings, name)
        if port is not None:
            note.parent.mkdir(parents=True, exist_ok=True)
            note.write_text(str(port))
        try:
            yield
        finally:
            if port is not None:
                note.unlink(missing_ok=True)


@contextmanager
def serving_family(settings: Settings) -> Iterator[None]:
    """As `serving`, for `newsloom up`: what `family` tells."""
    with _serving(settings, "up", lambda: family(settings)):
        yield


def family(settings: Settings) -> bytes:
    """The metrics of `newsloom up` and of those of its children that answer, by the label `process`."""
    parts = {"up": exposition("up").decode()}
    for name in (*worker_names(settings), "poller"):
        with suppress(OSError, ValueError, HTTPException):  # it starts, or has just ended
            parts[name] = _asked(int(_note(settings, name).read_text()))
    return merged(parts).encode()


def _asked(port: int) -> str:
    """What a child says; ValueError for a stranger that has the port of one that was killed."""
    opener = build_opener(ProxyHandler({}))  # whatever proxy the environment names is not for loopback
    with opener.open(f"http://127.0.0.1:{port}/metrics", timeout=_CHILD_S) as answer:
        if answer.headers.get("Content-Type") != CONTENT_TYPE:
            raise ValueError(f"port {port} serves something else")
        return str(answer.read(_CHILD_BYTES).decode())


def _note(settings: Settings, name: str) -> Path:
    return settings.state_dir / "metrics" / settings.topic(name)


@contextmanager
def _serving(settings: Settings, role: Role, answer: Callable[[], bytes]) -> Iterator[int | None]:
    """Serve what `answer` gives; the port, or None where metrics are off."""
    if settings.metrics_port is None:
        yield None
        return
    introduce(role, settings.state_dir)
    try:
        server = _server(settings.metrics_host, settings.metrics_port, answer)
    except OSError as error:
        where = f"{settings.metrics_host}:{settings.metrics_port}"
        raise UsageError(f"cannot serve metrics on {where}: {error.strerror or error}") from error
    port = int(server.server_address[1])
    thread = Thread(target=server.serve_forever, name="newsloom-metrics", daemon=True)
    thread.start()
    log.info("metrics on port %d of %s, path /metrics", port, settings.metrics_host)
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()


def _server(host: str, port: int, answer: Callable[[], bytes]) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SILENCE_S

        def do_GET(self) -> None:
            """Answer /metrics."""
            if self.path.partition("?")[0] != "/metrics":
                self.send_error(404)
                return
            body = answer()
            self.send_response(200)
            self.send_header("Content-Type", CONTENT_TYPE)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: who scrapes does so all day."""

    class Server(ThreadingHTTPServer):
        address_family = AF_INET6 if ":" in host else ThreadingHTTPServer.address_family

        def handle_error(self, *_: object) -> None:
            """Log in a line what Python would print: whoever scraped has mostly just gone."""
            log.warning("a scrape failed: %r", sys.exception())

    return Server((host, port), Handler)
