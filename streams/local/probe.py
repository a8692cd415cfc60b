"""Whether a Kafka broker answers at an address, within bounded time and in one line when not."""

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from streams.endpoint import Endpoint
from streams.errors import BrokerError, UsageError

__all__ = ["Answer", "parse_addresses", "probe"]

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(?P<port>[0-9]{1,5})")
_MOST_PORTS = 65536


@dataclass(frozen=True, slots=True)
class Answer:
    """What a broker says of its cluster: the id, and the HOST:PORT of each broker that takes part."""

    cluster_id: str
    brokers: tuple[str, ...]


def parse_addresses(text: str) -> list[tuple[str, int]]:
    """Hosts and ports of HOST:PORT[,HOST:PORT...]; UsageError for anything else."""
    found = []
    for part in text.split(","):
        match = _ADDRESS.fullmatch(part.strip())
        if match is None or not 0 < int(match["port"]) < _MOST_PORTS:
            raise UsageError(f"{text!r} is not auto, embedded or HOST:PORT of a broker")
        found.append((match["host"].strip("[]"), int(match["port"])))
    return found


async def probe(endpoint: Endpoint, *, limit_s: float) -> Answer:
    """Ask the cluster who it is; BrokerError after at most `limit_s` seconds."""
    try:
        async with asyncio.timeout(limit_s):
            await _connect(endpoint.bootstrap)
            return await _ask(endpoint, limit_s)
    except TimeoutError as error:
        raise BrokerError(f"no Kafka broker answers at {endpoint} within {limit_s:g} s") from error
    except KafkaError as error:
        raise BrokerError(f"what listens at {endpoint} does not answer as a Kafka broker: {error}") from error


async def _connect(bootstrap: str) -> None:
    """One of the addresses must take a connection: the Kafka client would log its failures at length."""
    reasons = []
    for host, port in parse_addresses(bootstrap):
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            reasons.append(error.strerror or str(error))
        else:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return
    raise BrokerError(f"no broker at {bootstrap}: {'; '.join(dict.fromkeys(reasons))}")


async def _ask(endpoint: Endpoint, limit_s: float) -> Answer:
    admin = AIOKafkaAdminClient(**endpoint.client(), request_timeout_ms=max(1, int(limit_s * 1000)))
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    finally:
        await admin.close()
    brokers = tuple(f"{broker['host']}:{broker['port']}" for broker in cluster["brokers"])
    return Answer(str(cluster["cluster_id"]), brokers)
