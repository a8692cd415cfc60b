"""Whether a Kafka broker answers at an address, within bounded time and in one line when not."""

import asyncio
import re
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.conn import create_conn
from aiokafka.errors import KafkaConnectionError, KafkaError, SaslAuthenticationFailed, UnsupportedSaslMechanismError

from streams.endpoint import Endpoint
from streams.errors import BrokerError, RefusedError, UsageError

__all__ = ["Answer", "parse_addresses", "probe"]

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9._-]{1,253}):(?P<port>[0-9]{1,5})")
_MOST_PORTS = 65536

# Waiting does not change these, and a login that is tried again and again looks like an attack.
_REFUSALS = (ssl.SSLCertVerificationError, SaslAuthenticationFailed, UnsupportedSaslMechanismError)
_OF_UNKNOWN_AUTHORITY = {2, 18, 19, 20, 21}  # OpenSSL's X509_V_ERR_...


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
    """Ask the cluster who it is; BrokerError after at most `limit_s` seconds, RefusedError when waiting is no use."""
    try:
        async with asyncio.timeout(limit_s):
            await _connect(endpoint)
            return await _ask(endpoint, limit_s)
    except TimeoutError as error:
        raise BrokerError(f"no Kafka broker answers at {endpoint} within {limit_s:g} s") from error
    except KafkaError as error:
        hint = "" if endpoint.security else "; a secured one wants NEWSLOOM_SECURITY_PROTOCOL"
        raise BrokerError(f"what listens at {endpoint} does not answer as a Kafka broker: {error}{hint}") from error


async def _connect(endpoint: Endpoint) -> None:
    """One of the addresses must take a connection, and let us in: the Kafka client would log its failures at length."""
    failures: list[OSError | KafkaError] = []
    for host, port in parse_addresses(endpoint.bootstrap):
        try:
            await _open(host, port, endpoint)
        except (OSError, KafkaError) as error:
            failures.append(error)
        else:
            return
    reasons = dict.fromkeys(_reason(error, endpoint) for error in failures)
    kind = RefusedError if all(isinstance(error, _REFUSALS) for error in failures) else BrokerError
    raise kind(f"no broker at {endpoint}: {'; '.join(reasons)}")


async def _open(host: str, port: int, endpoint: Endpoint) -> None:
    """Open a connection, with TLS and login where they are wanted, and close it."""
    await _look_up(host, port)
    if endpoint.security is not None:
        (await create_conn(host, port, **endpoint.security.client())).close()
        return
    _, writer = await asyncio.open_connection(host, port)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def _look_up(host: str, port: int) -> None:
    """Have a name server asked by a thread that is left alone: for one of the loop's own the end of a command waits."""
    loop = asyncio.get_running_loop()
    answered: asyncio.Future[None] = loop.create_future()

    def tell(error: OSError | None) -> None:
        if answered.done():
            return
        if error is None:
            answered.set_result(None)
        else:
            answered.set_exception(error)

    def ask() -> None:
        error = None
        try:
            socket.getaddrinfo(host, port)
        except OSError as failure:
            error = failure
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(tell, error)

    Thread(target=ask, daemon=True).start()
    await answered


def _reason(error: Exception, endpoint: Endpoint) -> str:
    security = endpoint.security
    login = security.login if security else None
    match error:
        case ssl.SSLCertVerificationError():
            names = "; NEWSLOOM_SSL_CA_FILE names authorities" if error.verify_code in _OF_UNKNOWN_AUTHORITY else ""
            reason = f"its certificate is not trusted, {error.verify_message}{names}"
        case ssl.SSLError():
            reason = f"no TLS with it, {error.reason or error}"
        case SaslAuthenticationFailed() if login is not None:
            reason = f"{login.username} is not let in: no such user, or another password"
        case UnsupportedSaslMechanismError() if login is not None:
            reason = f"it has no login by {login.mechanism}"
        case KafkaConnectionError() if security is not None and login is None:
            may = "want a certificate of ours," if security.certificate is None else "not take"
            reason = f"{error}; it may {may} NEWSLOOM_SSL_CERTIFICATE_FILE"
        case OSError():
            reason = error.strerror or str(error)
        case _:
            reason = str(error)
    return reason


async def _ask(endpoint: Endpoint, limit_s: float) -> Answer:
    admin = AIOKafkaAdminClient(**endpoint.client(), request_timeout_ms=max(1, int(limit_s * 1000)))
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
    finally:
        await admin.close()
    brokers = tuple(f"{broker['host']}:{broker['port']}" for broker in cluster["brokers"])
    return Answer(str(cluster["cluster_id"]), brokers)
