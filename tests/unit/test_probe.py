"""Whether a broker answers is known within seconds, whatever does not."""

import asyncio
import socket
import time
from threading import Event

import pytest

from streams.endpoint import Endpoint
from streams.errors import BrokerError
from streams.local.probe import probe


def test_a_silent_name_server_holds_up_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    over = Event()

    def silent(*_: object, **__: object) -> None:
        over.wait(20)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", silent)
    begun = time.monotonic()
    with pytest.raises(BrokerError, match=r"no Kafka broker answers at kafka:9092 within 0\.2 s"):
        asyncio.run(probe(Endpoint("kafka:9092"), limit_s=0.2))
    assert time.monotonic() - begun < 15
    over.set()


def test_a_name_that_is_not_known_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(BrokerError, match="no broker at kafka:9092: Name or service not known"):
        asyncio.run(probe(Endpoint("kafka:9092"), limit_s=20))
