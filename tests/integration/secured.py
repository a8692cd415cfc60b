"""A secured Kafka: SASL_SSL with SCRAM-SHA-512 on every listener, ACLs by KRaft, one user for each role."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from streams.endpoint import Endpoint, endpoint_at
from streams.errors import BrokerError
from streams.local.folder import free_ports, new_id
from streams.local.probe import probe
from streams.local.process import ended, spawn
from streams.local.properties import server_properties
from streams.local.runtime import Runtime
from streams.security.acl import PRINCIPAL_PREFIX
from streams.settings import Settings
from tests.integration.certificates import Authority, written

__all__ = ["ADMIN", "Secured", "secured_broker"]

ADMIN = "admin"
_BROKER = "broker"
_READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Secured:
    """The broker: where it takes logins and where certificates, its authority, and the password of each user."""

    bootstrap: str
    mutual: str
    authority: Authority
    ca_file: Path
    passwords: dict[str, str]
    folder: Path

    def settings(self, user: str, **changes: Any) -> Settings:
        """Settings of a process that logs in as `user`."""
        fields: dict[str, Any] = {
            "broker": self.bootstrap,
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "sasl_password": SecretStr(self.passwords[user]),
            "ssl_ca_file": self.ca_file,
        }
        return Settings(**fields | changes)

    def certified(self, role: str) -> Endpoint:
        """How a role reaches it by a certificate of its own, without a login."""
        key, certificate = self.authority.issue(f"{PRINCIPAL_PREFIX}{role}")
        settings = Settings(
            security_protocol="SSL",
            ssl_ca_file=self.ca_file,
            ssl_certificate_file=written(self.folder / f"{role}.pem", certificate),
            ssl_key_file=written(self.folder / f"{role}.key", key),
        )
        return endpoint_at(self.mutual, settings)

    def of(self, role: str, **changes: Any) -> Endpoint:
        """How a role, or the super user, reaches it."""
        user = role if role == ADMIN else f"{PRINCIPAL_PREFIX}{role}"
        return endpoint_at(self.bootstrap, self.settings(user, **changes))


@asynccontextmanager
async def secured_broker(runtime: Runtime, folder: Path, passwords: dict[str, str]) -> AsyncIterator[Secured]:
    """Such a broker for the time of the context, with these users; the one called `admin` is a super user."""
    authority = Authority.new("newsloom tests")
    (port, controller_port), (tls_port, _) = free_ports(), free_ports()
    everyone = {**passwords, _BROKER: new_id()}
    ca_file = written(folder / "ca.pem", authority.pem)
    written(folder / "server.pem", b"".join(authority.issue("broker")))
    plain = server_properties(folder / "data", port=port, controller_port=controller_port)
    secured = _properties(folder, (port, tls_port, controller_port), everyone[_BROKER])
    properties = written(folder / "server.properties", plain + secured)  # of two values, Java takes the last
    await asyncio.to_thread(_format, runtime, properties, everyone)
    command = [*runtime.command("-Xmx192m"), "kafka.Kafka", str(properties)]
    process = spawn(command, folder=folder, log=folder / "kafka.log")
    found = Secured(f"127.0.0.1:{port}", f"127.0.0.1:{tls_port}", authority, ca_file, passwords, folder)
    try:
        await _until_ready(found, process)
        yield found
    finally:
        process.terminate()
        if not await ended(process, limit_s=5):
            process.kill()
            process.wait()


def _properties(folder: Path, ports: tuple[int, int, int], password: str) -> str:
    port, tls_port, controller_port = ports
    login = (
        f'org.apache.kafka.common.security.scram.ScramLoginModule required username="{_BROKER}" password="{password}";'
    )
    return f"""\
listeners=SECURED://127.0.0.1:{port},MUTUAL://127.0.0.1:{tls_port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=SECURED://127.0.0.1:{port},MUTUAL://127.0.0.1:{tls_port}
inter.broker.listener.name=SECURED
listener.security.protocol.map=CONTROLLER:SASL_SSL,SECURED:SASL_SSL,MUTUAL:SSL
sasl.enabled.mechanisms=SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=SCRAM-SHA-512
listener.name.secured.scram-sha-512.sasl.jaas.config={login}
listener.name.controller.scram-sha-512.sasl.jaas.config={login}
ssl.keystore.type=PEM
ssl.keystore.location={folder / "server.pem"}
ssl.truststore.type=PEM
ssl.truststore.location={folder / "ca.pem"}
listener.name.mutual.ssl.client.auth=required
ssl.principal.mapping.rules=RULE:^CN=(.*)$/$1/
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
super.users=User:{ADMIN};User:{_BROKER}
"""


def _format(runtime: Runtime, properties: Path, passwords: dict[str, str]) -> None:
    """Kafka's tool makes the data folder and its first users; their passwords are for these tests only."""
    scram = [f"--add-scram=SCRAM-SHA-512=[name={user},password={word}]" for user, word in passwords.items()]
    tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={new_id()}", "-c", str(properties), *scram]
    quiet = "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"
    done = subprocess.run(
        [*runtime.command("-Xmx128m", quiet), *tool], check=False, capture_output=True, text=True, timeout=60
    )
    if done.returncode != 0:
        raise BrokerError(f"Kafka cannot format its folder: {(done.stderr or done.stdout)[-2000:]}")


async def _until_ready(broker: Secured, process: "subprocess.Popen[bytes]") -> None:
    endpoint, deadline = broker.of(ADMIN), time.monotonic() + _READY_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            answer = await probe(endpoint, limit_s=2)
        except BrokerError:
            await asyncio.sleep(0.1)
            continue
        if broker.bootstrap in answer.brokers:
            return
    raise BrokerError(
        f"the secured broker is not ready; its log ends:\n{(broker.folder / 'kafka.log').read_text()[-3000:]}"
    )
