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
from typing import Any
from uuid import uuid4

import httpx

__all__ = ["IMAGE_TAG", "PATIENCE_S", "ROOT", "Compose", "called", "compose_command", "composed", "docker"]

ROOT = Path(__file__).parents[2]
IMAGE_TAG = "test"
PATIENCE_S = 60
"""What an answer may take on a busy machine."""
_BROKERS = ("KAFKA_PORT", "KAFKA_2_PORT", "KAFKA_3_PORT")
_API = "NEWSLOOM_API_PORT"
_PROMETHEUS = "PROMETHEUS_PORT"
_LONGEST_S = 400


def compose_command() -> list[str] | None:
    """$COMPOSE, else the Compose of this machine, v2 or v1; None when it has neither."""
    if given := os.environ.get("COMPOSE"):  # noqa: TID251 - the tests' own, not newsloom's
        return given.split()
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0:
        return ["docker", "compose"]
    return ["docker-compose"] if shutil.which("docker-compose") else None


def docker(*arguments: str) -> str:
    """One call of Docker; what it printed."""
    return called(["docker", *arguments])


@dataclass(frozen=True)
class Compose:
    """A running project; `bootstrap` is where its brokers listen on this machine, `api` and `prometheus` are URLs."""

    project: str
    command: tuple[str, ...]
    environment: dict[str, str]
    bootstrap: str
    api: str

    @property
    def prometheus(self) -> str:
        """Where its Prometheus is, if one was started."""
        return f"http://localhost:{self.environment[_PROMETHEUS]}/api/v1"

    def run(self, *arguments: str) -> str:
        """One call of Compose; what it printed."""
        return called([*self.command, "--project-name", self.project, *arguments], self.environment)

    def containers(self, service: str) -> list[str]:
        """Ids of the service's containers, running or not."""
        labels = {"project": self.project, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()

    def container(self, service: str) -> str:
        """Id of the service's only container."""
        (found,) = self.containers(service)
        return found

    def execute(self, service: str, *arguments: str) -> str:
        """Run a program in the service's container; what it printed."""
        return docker("exec", self.container(service), *arguments)

    def kill(self, *services: str) -> None:
        """SIGKILL, as the machine's end would be; nothing starts them again."""
        docker("kill", *map(self.container, services))

    def start(self, *services: str) -> None:
        """Start the same containers again."""
        docker("start", *map(self.container, services))

    def stories(self, words: str) -> list[dict[str, Any]]:
        """What the API answers to a search for stories."""
        answer = httpx.get(f"{self.api}/v1/stories", params={"q": words}, timeout=PATIENCE_S).raise_for_status()
        return list(answer.json()["items"])

    def facts(self, container: str) -> dict[str, Any]:
        """What Docker knows of a container."""
        (found,) = json.loads(docker("inspect", container))
        return dict(found)

    def states(self, service: str) -> list[str]:
        """Docker's words for the health of the containers that run and have a check, for the state of the others."""
        found = [self.facts(container)["State"] for container in self.containers(service)]
        return [str((each["Running"] and each.get("Health", {}).get("Status")) or each["Status"]) for each in found]


@contextmanager
def composed(*, profiles: str, brokers: int, **environment: str) -> Iterator[Compose]:
    """The project up for the time of the context; `profiles` as Compose takes them, parted by commas."""
    command = compose_command()
    assert command is not None
    ports = {name: str(_free_port()) for name in (*_BROKERS[:brokers], _API, _PROMETHEUS)}
    outside = dict(os.environ) | ports | environment  # noqa: TID251 - a child's
    outside |= {"NEWSLOOM_VERSION": IMAGE_TAG, "COMPOSE_PROFILES": profiles}
    env_file = ("--env-file", "deploy/ha.env") if "ha" in profiles.split(",") else ()
    bootstrap = ",".join(f"localhost:{ports[name]}" for name in _BROKERS[:brokers])
    name = f"newsloom-test-{uuid4().hex[:8]}"
    project = Compose(name, (*command, *env_file), outside, bootstrap, f"http://localhost:{ports[_API]}")
    try:
        project.run("up", "-d", "--no-build")
        yield project
    finally:
        project.run("down", "-v", "--remove-orphans", "-t", "3")


def called(call: list[str], environment: dict[str, str] | None = None) -> str:
    """What a program printed; AssertionError when it failed."""
    done = subprocess.run(
        call, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=_LONGEST_S, check=False
    )
    assert done.returncode == 0, f"{' '.join(call)}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
    return done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
