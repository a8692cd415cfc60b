"""A secured Kafka: SASL_SSL with SCRAM for clients and between brokers, ACLs by KRaft, one user for each role."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from streams.endpoint import Endpoint, endpoint_at
from streams.errors import BrokerError
from streams.local.folder import new_id
from streams.local.probe import probe
from streams.local.runtime import Runtime
from streams.security.acl import PRINCIPAL_PREFIX
from streams.settings import Settings
from tests.integration.brokers import reserved
from tests.integration.certificates import Authority, rewritten, written
from tests.integration.secured_node import ADMIN, BROKER, Node, Ports

__all__ = ["ADMIN", "Secured", "secured_cluster"]

_READY_S = 120.0


@dataclass(frozen=True, slots=True)
class Secured:
    """Its nodes, their authority and the next one, a file with both, which all trust, and each user's password."""

    nodes: tuple[Node, ...]
    authority: Authority
    successor: Authority
    ca_file: Path
    passwords: dict[str, str]
    folder: Path

    @property
    def bootstrap(self) -> str:
        """Where it takes logins."""
        return ",".join(f"127.0.0.1:{node.ports.login}" for node in self.nodes)

    @property
    def mutual(self) -> str:
        """Where it takes certificates."""
        return ",".join(f"127.0.0.1:{node.ports.mutual}" for node in self.nodes)

    def settings(self, user: str, **changes: Any) -> Settings:
        """Settings of a process that logs in as `user`."""
        fields: dict[str, Any] = {
            "broker": self.bootstrap,
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "sasl_password": SecretStr(self.passwords[user]),
            "ssl_ca_file": self.ca_file,
            "replication": len(self.nodes),
        }
        return Settings(**fields | changes)

    def certified(self, role: str, *, by: Authority | None = None) -> Endpoint:
        """How a role reaches it by a certificate of its own, without a login."""
        key, certificate = (by or self.authority).issue(f"{PRINCIPAL_PREFIX}{role}")
        settings = Settings(
            security_protocol="SSL",
            ssl_ca_file=self.ca_file,
            ssl_certificate_file=rewritten(self.folder / f"{role}.pem", certificate),
            ssl_key_file=rewritten(self.folder / f"{role}.key", key),
        )
        return endpoint_at(self.mutual, settings)

    def of(self, role: str, *, node: int | None = None, **changes: Any) -> Endpoint:
        """How a role, or the super user, reaches it, or one node of it."""
        user = role if role == ADMIN else f"{PRINCIPAL_PREFIX}{role}"
        at = self.bootstrap if node is None else f"127.0.0.1:{self.nodes[node].ports.login}"
        return endpoint_at(at, self.settings(user, **changes))

    async def ready(self) -> None:
        """Wait until all nodes take part; BrokerError with the last words of one that has ended."""
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline and all(node.alive for node in self.nodes):
            try:
                answers = [await probe(self.of(ADMIN, node=number), limit_s=15) for number in range(len(self.nodes))]
            except BrokerError:
                await asyncio.sleep(0.1)
                continue
            if all(len(answer.brokers) == len(self.nodes) for answer in answers):
                return
        said = "\n\n".join(node.last_words() for node in self.nodes)
        raise BrokerError(f"the secured cluster is not ready; its logs end:\n{said}")


@asynccontextmanager
async def secured_cluster(
    runtime: Runtime, folder: Path, passwords: dict[str, str], *, brokers: int
) -> AsyncIterator[Secured]:
    """Such a cluster for the time of the context, with these users; the one called `admin` is a super user."""
    authorities = Authority.new("newsloom tests"), Authority.new("its successor")
    bundle = b"".join(authority.pem for authority in authorities)
    async with AsyncExitStack() as stack:
        numbers = stack.enter_context(reserved(3 * brokers))
        ports = [Ports(*numbers[first : first + 3]) for first in range(0, len(numbers), 3)]
        nodes = tuple(
            Node(number, each, folder / f"node-{number}", runtime) for number, each in enumerate(ports, start=1)
        )
        for node in nodes:
            node.folder.mkdir()
            written(node.folder / "ca.pem", bundle)
            node.identify(authorities[0])
        found = Secured(nodes, *authorities, written(folder / "ca.pem", bundle), passwords, folder)
        cluster_id, everyone = new_id(), passwords | {BROKER: new_id()}
        await asyncio.gather(*(node.format(cluster_id, ports, everyone) for node in nodes))
        for node in nodes:
            node.start()
            stack.push_async_callback(node.stop)
        await found.ready()
        yield found
