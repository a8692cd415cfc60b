"""One node of a secured Kafka: broker and controller, what it knows of the others, and its process."""

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from streams.errors import BrokerError
from streams.local.process import ended, spawn
from streams.local.properties import server_properties
from streams.local.runtime import Runtime
from tests.integration.certificates import Authority, rewritten, written

__all__ = ["ADMIN", "BROKER", "Node", "Ports"]

ADMIN, BROKER = "admin", "broker"
"""Two super users: who makes the rules, and who the nodes are to each other."""

_MECHANISM = "SCRAM-SHA-512"
_FORMAT_S = 120


@dataclass(frozen=True, slots=True)
class Ports:
    """Where a node takes logins, where certificates, and where other controllers, which come by certificate."""

    login: int
    mutual: int
    controller: int


@dataclass(slots=True)
class Node:
    """Kafka in a folder that holds `ca.pem`, whom it trusts, and `server.pem`, who it is; read at each start."""

    number: int
    ports: Ports
    folder: Path
    runtime: Runtime
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def identify(self, authority: Authority) -> None:
        """Who says who it is from its next start on."""
        rewritten(self.folder / "server.pem", b"".join(authority.issue(BROKER)))

    async def format(self, cluster_id: str, nodes: Sequence[Ports], passwords: Mapping[str, str]) -> None:
        """Make its settings and data folder, with the cluster's first users."""
        plain = server_properties(
            self.folder / "data", port=self.ports.login, controller_port=self.ports.controller
        )  # of two values, Java takes the last
        properties = written(self.folder / "server.properties", plain + self._properties(nodes, passwords[BROKER]))
        users = [f"--add-scram={_MECHANISM}=[name={user},password={word}]" for user, word in passwords.items()]
        tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster_id}", "-c", str(properties), *users]
        quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
        command = [*self.runtime.command("-Xmx128m", quiet), *tool]
        run = partial(subprocess.run, command, check=False, capture_output=True, text=True, timeout=_FORMAT_S)
        done = await asyncio.to_thread(run)
        if done.returncode != 0:
            raise BrokerError(f"Kafka cannot format its folder: {(done.stderr or done.stdout)[-2000:]}")

    def start(self) -> None:
        """Start it; it is ready some seconds later."""
        command = [*self.runtime.command("-Xmx192m"), "kafka.Kafka", str(self.folder / "server.properties")]
        self.process = spawn(command, folder=self.folder, log=self.folder / "kafka.log")

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    async def stop(self) -> None:
        """End it, in order where that is quick."""
        assert self.process is not None
        self.process.terminate()
        if not await ended(self.process, limit_s=5):
            self.kill()

    def last_words(self) -> str:
        """The end of its log."""
        return (self.folder / "kafka.log").read_text(errors="replace")[-3000:]

    def _properties(self, nodes: Sequence[Ports], password: str) -> str:
        login, mutual, controller = (
            f"127.0.0.1:{port}" for port in (self.ports.login, self.ports.mutual, self.ports.controller)
        )
        voters = ",".join(f"{number}@127.0.0.1:{ports.controller}" for number, ports in enumerate(nodes, start=1))
        module = "org.apache.kafka.common.security.scram.ScramLoginModule"
        return f"""\
node.id={self.number}
controller.quorum.voters={voters}
listeners=SECURED://{login},MUTUAL://{mutual},CONTROLLER://{controller}
advertised.listeners=SECURED://{login},MUTUAL://{mutual}
inter.broker.listener.name=SECURED
listener.security.protocol.map=CONTROLLER:SSL,SECURED:SASL_SSL,MUTUAL:SSL
sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256
sasl.mechanism.inter.broker.protocol={_MECHANISM}
listener.name.secured.{_MECHANISM.lower()}.sasl.jaas.config={module} required username="{BROKER}" password="{password}";
listener.name.secured.scram-sha-256.sasl.jaas.config={module} required;
ssl.keystore.type=PEM
ssl.keystore.location={self.folder / "server.pem"}
ssl.truststore.type=PEM
ssl.truststore.location={self.folder / "ca.pem"}
listener.name.mutual.ssl.client.auth=required
listener.name.controller.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{ADMIN};User:{BROKER}
broker.session.timeout.ms=6000
""" + ("" if len(nodes) == 1 else _REPLICATED)


# Nodes that wait for each other have to be given the time that a busy machine takes.
_REPLICATED = """\
default.replication.factor=3
min.insync.replicas=2
offsets.topic.replication.factor=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
controller.quorum.election.timeout.ms=1000
controller.quorum.election.backoff.max.ms=1000
"""
