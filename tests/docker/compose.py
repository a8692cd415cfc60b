"""docker-compose.yml under a project name of its own, with ports of its own, removed at the end."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

__all__ = ["IMAGE_TAG", "Compose", "compose_command", "composed"]

ROOT = Path(__file__).parents[2]
IMAGE_TAG = "test"
_LONGEST_S = 150


def compose_command() -> list[str] | None:
    """The Compose of this machine, v2 or v1; None when it has neither."""
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


@dataclass(frozen=True)
class Compose:
    """A running project; `bootstrap` is where its brokers listen on this machine."""

    project: str
    command: tuple[str, ...]
    environment: dict[str, str]
    bootstrap: str

    def run(self, *arguments: str) -> str:
        """One call of Compose; what it printed."""
        call = [*self.command, "--project-name", self.project, *arguments]
        done = subprocess.run(
            call, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=_LONGEST_S, check=False
        )
        assert done.returncode == 0, f"{' '.join(call)}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        return done.stdout

    def container(self, service: str) -> str:
        """Id of the service's container, running or not."""
        every = () if "docker-compose" in self.command else ("-a",)  # the old one shows all of them anyway
        return self.run("ps", "-q", *every, service).strip()

    def kill(self, service: str) -> None:
        """SIGKILL, as the machine's end would be; nothing starts it again."""
        self.run("kill", service)

    def start(self, service: str) -> None:
        """Start the same container again."""
        self.run("start", service)

    def state(self, service: str) -> str:
        """Docker's word for its health while it runs, and where it has a check; else for its state."""
        told = subprocess.run(
            ["docker", "inspect", "-f", "{{json .State}}", self.container(service)],
            capture_output=True,
            text=True,
            check=True,
            env=self.environment,
        )
        found = json.loads(told.stdout)
        return str((found["Running"] and found.get("Health", {}).get("Status")) or found["Status"])


@contextmanager
def composed(*, profile: str, brokers: int, services: tuple[str, ...] = ()) -> Iterator[Compose]:
    """The project up for the time of the context."""
    command = compose_command()
    assert command is not None
    ports = [_free_port() for _ in range(brokers)]
    names = ("KAFKA_PORT", "KAFKA_2_PORT", "KAFKA_3_PORT")
    environment = dict(os.environ) | {"NEWSLOOM_VERSION": IMAGE_TAG}  # noqa: TID251 - a child's
    environment |= {name: str(port) for name, port in zip(names, ports, strict=False)}
    env_file = ("--env-file", "deploy/ha.env") if profile == "ha" else ()
    bootstrap = ",".join(f"localhost:{port}" for port in ports)
    project = Compose(f"newsloom-test-{uuid4().hex[:8]}", (*command, *env_file), environment, bootstrap)
    try:
        project.run("up", "-d", "--no-build", *services)
        yield project
    finally:
        project.run("down", "-v", "--remove-orphans", "-t", "3")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
