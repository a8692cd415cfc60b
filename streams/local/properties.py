"""server.properties of the one broker, which is its own controller."""

from pathlib import Path

__all__ = ["MAX_MESSAGE_BYTES", "PATIENT_MS", "QUICK_MS", "server_properties"]

# Topics allow 9 MiB (streams.edge.admin); the broker's own bounds must not be below.
MAX_MESSAGE_BYTES = 10 * 1024 * 1024

# Sessions of the broker with its controller. After a SIGKILL the old one counts until it is over, so with Kafka's own a
# restart takes 12 seconds. A broker that is late for its own, as on a busy machine, leads nothing meanwhile.
QUICK_MS = 1500
PATIENT_MS = 9000


def server_properties(
    data: Path, *, port: int, controller_port: int, door: tuple[int, int] | None = None, session_ms: int = QUICK_MS
) -> str:
    """One node on the loopback interface, its data in `data`.

    `door` adds a listener on its first port, for clients that shall come by a proxy on its second. `session_ms` is
    `PATIENT_MS` for a broker that nobody starts again.
    """
    # The format is Java's: a backslash escapes.
    folder = str(data).replace("\\", "\\\\")
    address, controller = f"127.0.0.1:{port}", f"127.0.0.1:{controller_port}"
    return f"""\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{controller}
listeners=PLAINTEXT://{address},CONTROLLER://{controller}{_door(door, 0)}
advertised.listeners=PLAINTEXT://{address}{_door(door, 1)}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,DOOR:PLAINTEXT
log.dirs={folder}
broker.session.timeout.ms={session_ms}
{_TOPICS}{_SMALL}{_FAST}"""


def _door(door: tuple[int, int] | None, side: int) -> str:
    return "" if door is None else f",DOOR://127.0.0.1:{door[side]}"


_TOPICS = f"""\
auto.create.topics.enable=false
num.partitions=4
default.replication.factor=1
min.insync.replicas=1
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
message.max.bytes={MAX_MESSAGE_BYTES}
replica.fetch.max.bytes={MAX_MESSAGE_BYTES}
log.cleaner.enable=true
"""

# By default the cleaner takes 128 MiB of heap, and every partition two index files of 10 MiB.
_SMALL = """\
num.network.threads=1
num.io.threads=2
log.cleaner.dedupe.buffer.size=4194304
log.index.size.max.bytes=1048576
"""

# One node elects itself and need not wait long for anybody.
_FAST = """\
group.initial.rebalance.delay.ms=0
broker.heartbeat.interval.ms=300
controller.quorum.election.timeout.ms=200
controller.quorum.election.backoff.max.ms=100
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
"""
