"""The broker's folder: its lock, its identity, its ports and its data.

lock                held while a broker or its owner lives
identity.json       which Kafka made the data, for which cluster, on which ports
server.properties
broker.json         where the broker answers; there only while it does
kafka.log           of this start; kafka.log.1 of the one before
data/               Kafka's log.dirs
data-set-aside-N/   data that was no longer usable: never deleted by us
"""

import base64
import fcntl
import json
import os
import shutil
import socket
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

from streams.errors import BrokerError

__all__ = ["Folder", "Identity", "Owned", "free_ports", "new_id"]

_LOG_LINES = 20
_LOG_TAIL_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose data a folder holds."""

    kafka: str
    cluster_id: str
    port: int
    controller_port: int


@dataclass(frozen=True, slots=True)
class Owned:
    """A broker that is ready: where, which process, and whose child it is."""

    bootstrap: str
    pid: int
    owner: int
    cluster_id: str


_Small = TypeVar("_Small", Identity, Owned)


class Folder:
    """Paths and small files of one broker's folder; one process at a time may hold its lock."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.data = root / "data"
        self.properties = root / "server.properties"
        self.log = root / "kafka.log"
        self.class_list = root / "classes.lst"
        self._identity = root / "identity.json"
        self._owned = root / "broker.json"
        self._lock: int | None = None

    @property
    def locked(self) -> bool:
        """Whether this object holds the lock."""
        return self._lock is not None

    @property
    def lock(self) -> int:
        """Descriptor of the held lock, for the broker to inherit: it lasts until both have ended."""
        if self._lock is None:
            raise RuntimeError(f"{self.root} is not locked")
        return self._lock

    def try_lock(self) -> bool:
        """Take the lock; False when a broker or its owner holds it, BrokerError when no folder can be had."""
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.root / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise BrokerError(f"no broker can be kept in {self.root}: {error}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._lock = descriptor
        return True

    def unlock(self) -> None:
        """Let go of the lock."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def identity(self) -> Identity | None:
        """The identity, or None when there is none that can be read."""
        return _read(self._identity, Identity)

    def identify(self, identity: Identity) -> None:
        """Write the identity."""
        _write(self._identity, identity)

    def owned(self) -> Owned | None:
        """The broker that says it is ready here; it may have died since."""
        return _read(self._owned, Owned)

    def announce(self, owned: Owned) -> None:
        """Say that the broker is ready."""
        _write(self._owned, owned)

    def retract(self) -> None:
        """Take the announcement back."""
        self._owned.unlink(missing_ok=True)

    def flaw(self, kafka: str) -> str | None:
        """Why the data cannot be this broker's, or None when there is none or it looks right."""
        if not self.data.exists() or not any(self.data.iterdir()):
            return None
        identity = self.identity()
        if identity is None:
            return "is of an unknown broker"
        if identity.kafka != kafka:
            return f"was made by Kafka {identity.kafka}, this is {kafka}"
        meta = _properties(self.data / "meta.properties")
        if meta.get("cluster.id") != identity.cluster_id:
            return "belongs to another cluster" if "cluster.id" in meta else "is damaged"
        return None

    def set_aside(self) -> Path:
        """Move the data out of the way; where it went."""
        number = 1
        while (target := self.root / f"data-set-aside-{number}").exists():
            number += 1
        self.data.rename(target)
        return target

    def put_back(self, aside: Path, identity: Identity | None) -> None:
        """Undo `set_aside`, dropping what has come in its place."""
        shutil.rmtree(self.data, ignore_errors=True)
        aside.rename(self.data)
        if identity is not None:
            self.identify(identity)

    def turn_log(self) -> None:
        """Begin a new log, keep the last: a log is as long as one start's."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))

    def log_tail(self) -> str:
        """The last lines the broker wrote."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(0, log.seek(0, os.SEEK_END) - _LOG_TAIL_BYTES))
                return "\n".join(log.read().decode(errors="replace").splitlines()[-_LOG_LINES:])
        except FileNotFoundError:
            return ""


def new_id() -> str:
    """A random id as Kafka writes them; never with the leading dash that its tools take for an option."""
    while (drawn := base64.urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()).startswith("-"):
        pass
    return drawn


def free_ports(wanted: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """Two free loopback ports: those wanted when both are free, else any."""
    with socket.socket() as first, socket.socket() as second:
        try:
            for one, port in zip((first, second), wanted, strict=True):
                # As Kafka binds: connections of an earlier broker that linger do not count.
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                one.bind(("127.0.0.1", port))
        except OSError:
            return free_ports()
        return first.getsockname()[1], second.getsockname()[1]


def _properties(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return {}
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def _read(file: Path, kind: type[_Small]) -> _Small | None:
    try:
        return kind(**json.loads(file.read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _write(file: Path, value: Identity | Owned) -> None:
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(value)))
    partial.replace(file)
