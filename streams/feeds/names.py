"""Host names into addresses, on threads of our own: a slow name server must not hold up anybody else's work."""

import asyncio
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from aiohttp.abc import AbstractResolver, ResolveResult

__all__ = ["Names"]

_THREADS = 16
_KEPT_S = 60.0
_KEPT = 10_000
_FLAGS = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Names(AbstractResolver):
    """The system's resolver; answers are kept for a minute, failures are not."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_THREADS, "newsloom-names")
        self._known: dict[tuple[str, int, int], tuple[float, list[ResolveResult]]] = {}

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Addresses of `host`, in the system's order of preference; OSError when it has none."""
        key, now = (host, port, int(family)), time.monotonic()
        kept = self._known.get(key)
        if kept is not None and now - kept[0] < _KEPT_S:
            return kept[1]
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _addresses, host, port, family)
        if len(self._known) >= _KEPT:
            self._known.clear()
        self._known[key] = now, found
        return found

    async def close(self) -> None:
        """Let go of the threads; one that waits for a name server is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _addresses(host: str, port: int, family: socket.AddressFamily) -> list[ResolveResult]:
    infos = socket.getaddrinfo(host, port, family, socket.SOCK_STREAM)
    return [
        ResolveResult(hostname=host, host=str(address[0]), port=port, family=found, proto=proto, flags=_FLAGS)
        for found, _, proto, _, address in infos
    ]
