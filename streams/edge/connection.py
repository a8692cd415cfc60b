"""A connection to a broker is made within seconds, or given up; importing this module is what it takes.

aiokafka gives a connect as long as a request, 20 seconds in a worker. A machine that is gone answers nothing at all,
and who asks it for metadata meanwhile asks no other broker: one of three may be lost, and all stages stand still.
"""

import asyncio
from typing import Any

from aiokafka import conn

__all__ = ["CONNECT_S"]

CONNECT_S = 3.0
"""Bound on TCP, TLS, login and versions together: half a session of 6 s, and the kernel has sent its SYN twice."""


class _Connection(conn.AIOKafkaConnection):  # type: ignore[misc]
    async def connect(self) -> Any:
        """Connect; TimeoutError, after which clients look for another broker, when that takes too long."""
        async with asyncio.timeout(CONNECT_S):
            return await super().connect()


conn.AIOKafkaConnection = _Connection
