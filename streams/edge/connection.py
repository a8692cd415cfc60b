"""A connection to a broker is made within seconds, or given up; importing this module is what it takes.

aiokafka gives a connect as long as a request, 20 seconds in a worker. A machine that is gone answers nothing at all,
and who asks it for metadata meanwhile asks no other broker: one of three may be lost, and all stages stand still.
"""

from typing import Any

from aiokafka import conn

__all__ = ["CONNECT_S"]

CONNECT_S = 5.0
"""Bound on TCP and TLS, under the session of a worker; the kernel has sent its SYN three times by then."""


class _Connection(conn.AIOKafkaConnection):  # type: ignore[misc]
    _request_timeout: float
    _patience: float

    async def connect(self) -> Any:
        """Connect; TimeoutError, after which clients look for another broker, when that takes too long."""
        self._patience = self._request_timeout
        self._request_timeout = min(CONNECT_S, self._patience)
        return await super().connect()

    async def _do_version_lookup(self) -> None:
        """The first request: a broker that is there may be as slow as ever."""
        self._request_timeout = self._patience
        await super()._do_version_lookup()


conn.AIOKafkaConnection = _Connection
