"""No client of a broker waits long for a machine that does not answer."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from aiokafka.conn import create_conn

from streams.edge import connection


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose kernel drops every SYN: its queue is full, and nobody accepts."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = sockets.enter_context(socket.socket())
            waiting.settimeout(0)
            waiting.connect_ex(server.getsockname())
        yield server.getsockname()[1]


async def test_a_machine_that_does_not_answer_is_given_up_soon(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 0.2)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        await create_conn("127.0.0.1", silent_port, request_timeout_ms=60_000)
    assert time.monotonic() - begun < 30


async def test_a_broker_that_is_there_may_take_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECT_S", 0.2)

    held: list[asyncio.StreamWriter] = []

    def nothing(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """It takes the connection, and never answers."""
        held.append(writer)

    async with await asyncio.start_server(nothing, "127.0.0.1", 0) as server:
        begun = time.monotonic()
        with pytest.raises(TimeoutError):
            await create_conn("127.0.0.1", server.sockets[0].getsockname()[1], request_timeout_ms=1_000)
        assert time.monotonic() - begun >= 1
        held[0].close()
