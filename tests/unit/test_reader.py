"""Readers without a group: what goes wrong with one is an error of the broker, whatever its client does in the end."""

import asyncio

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams.edge import reader
from streams.endpoint import Endpoint
from streams.errors import BrokerError


class Consumer:
    """One that fails at work, and cancels its own fetches when it is stopped."""

    def __init__(self, **_: object) -> None:
        pass

    async def start(self) -> None:
        raise KafkaTimeoutError("not in time")

    async def stop(self) -> None:
        raise asyncio.CancelledError


async def test_a_client_that_cancels_its_own_fetches_does_not_cancel_who_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "AIOKafkaConsumer", Consumer)
    with pytest.raises(BrokerError, match="not in time"):
        async with reader.groupless_consumer(Endpoint("127.0.0.1:1")):
            pass
