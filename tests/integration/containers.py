"""apache/kafka by testcontainers, which has no class for it: one node, its address known only once it runs."""

import io
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager

from streams.local.properties import MAX_MESSAGE_BYTES

__all__ = ["IMAGE", "kafka_container", "refusal"]

IMAGE = "apache/kafka:4.3.1"
_PORT = 29092
_READY = "Kafka Server started"
_START = "/tmp/start.sh"  # noqa: S108 - in a container of its own
_LIMIT_S = 60

# As the embedded broker has it, see streams.local.properties; listeners come with the script.
_KAFKA = {
    "KAFKA_NODE_ID": "1",
    "KAFKA_PROCESS_ROLES": "broker,controller",
    "KAFKA_LISTENERS": f"OUTSIDE://:{_PORT},INSIDE://:9092,CONTROLLER://:9093",
    "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "OUTSIDE:PLAINTEXT,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "KAFKA_INTER_BROKER_LISTENER_NAME": "INSIDE",
    "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
    "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
    "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
    "KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS": "1",
    "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_NUM_PARTITIONS": "1",
    "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
    "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
    "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    "KAFKA_MESSAGE_MAX_BYTES": str(MAX_MESSAGE_BYTES),
    "KAFKA_REPLICA_FETCH_MAX_BYTES": str(MAX_MESSAGE_BYTES),
}


def refusal() -> str | None:
    """Why no container can be had here: no engine answers, or it has no image; None when one can."""
    import docker  # noqa: PLC0415 - half a second that most runs do not need
    from docker.errors import DockerException, ImageNotFound  # noqa: PLC0415 - as above

    try:
        client = docker.from_env(timeout=5)
        client.ping()
    except DockerException as error:
        return f"no Docker engine answers: {error}"
    try:
        client.images.get(IMAGE)
    except ImageNotFound:
        return f"no image {IMAGE}; pull it, or run deploy/images.sh"
    finally:
        client.close()
    return None


@contextmanager
def kafka_container() -> Iterator[str]:
    """A broker in a container for the time of the context; its bootstrap address."""
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415 - as above
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - as above
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy  # noqa: PLC0415 - as above

    testcontainers_config.ryuk_disabled = True  # an image more; the context removes what it made
    container = DockerContainer(IMAGE).with_exposed_ports(_PORT)
    for name, value in _KAFKA.items():
        container.with_env(name, value)
    container.with_command(["bash", "-c", f"until [ -f {_START} ]; do sleep 0.1; done; exec bash {_START}"])
    with container as started:
        address = f"{started.get_container_host_ip()}:{started.get_exposed_port(_PORT)}"
        started.get_wrapped_container().put_archive("/", _archive(_script(address)))
        LogMessageWaitStrategy(_READY).with_startup_timeout(_LIMIT_S).wait_until_ready(started)
        yield address


def _script(address: str) -> bytes:
    advertised = f"OUTSIDE://{address},INSIDE://localhost:9092"
    return f"export KAFKA_ADVERTISED_LISTENERS={advertised}\nexec /etc/kafka/docker/run\n".encode()


def _archive(script: bytes) -> bytes:
    output = io.BytesIO()
    with tarfile.open(fileobj=output, mode="w") as archive:
        entry = tarfile.TarInfo(_START.lstrip("/"))
        entry.size, entry.mode = len(script), 0o644
        archive.addfile(entry, io.BytesIO(script))
    return output.getvalue()
