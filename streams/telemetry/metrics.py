"""Every Prometheus metric of every role, declared here and nowhere else; `deploy/METRICS.md` is made from it.

Labels take their values from closed sets (`LABELS`): never from a document, a host or a path that somebody chose.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from shutil import disk_usage
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from streams.telemetry.spread import Spread

__all__ = ["CONTENT_TYPE", "DECLARED", "LABELS", "ROLES", "Declared", "Role", "exposition", "introduce"]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

Role = Literal["worker", "poller", "watch", "api", "up"]
ROLES: tuple[Role, ...] = ("worker", "poller", "watch", "api", "up")

LABELS = {
    "role": "`worker`, `poller`, `watch`, `api`, `up`",
    "version": "of newsloom",
    "stage": "the stages of `streams/topology.py`",
    "outcome": "of a record `ok`, `drop`, `dead`; of a poll `new`, `unchanged`, `failed`, `gone`; of a document "
    "`accepted`, or the reason why it was refused",
    "reason": "the literals of `streams/outcome.py`; empty for `ok`, `other` for what strangers wrote",
    "partition": "a number",
    "table": "the topic behind it, without a lane",
    "standing": "`off`, `waiting`, `new`, `unchanged`, `failing`, `failed`, `gone`",
    "state": "`done`, `refused`",
    "method": "of HTTP, `other` for those that the API does not have",
    "route": "the API's, `none` for paths without one",
    "status": "of HTTP",
    "process": "`worker-0`, `worker-1` ..., `poller`",
}
"""Where the values of each label come from."""

_LATENCY = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)
_DURATION = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_RECORDS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
_HTTP = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


@dataclass(frozen=True, slots=True)
class Declared:
    """A metric by the name that queries use; a histogram's samples are `NAME_bucket`, `NAME_count` and `NAME_sum`."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    help: str
    labels: tuple[str, ...]
    roles: tuple[Role, ...]

    @property
    def samples(self) -> tuple[str, ...]:
        """Names of the samples on the wire."""
        if self.kind == "histogram":
            return tuple(f"{self.name}_{part}" for part in ("bucket", "count", "sum"))
        return (self.name,)


_declared: list[Declared] = []
_registries = {role: CollectorRegistry() for role in ROLES}
# When a counter began is said by `process_start_time_seconds` once, not by each of them.
disable_created_metrics()  # type: ignore[no-untyped-call]


def _counter(name: str, unit: str, text: str, labels: Sequence[str] = (), roles: tuple[Role, ...] = ROLES) -> Counter:
    _declared.append(Declared(f"{name}_total", "counter", unit, text, tuple(labels), roles))
    made = Counter(name, text, labels, registry=None)
    _register(made, roles)
    return made


def _gauge(name: str, unit: str, text: str, labels: Sequence[str] = (), roles: tuple[Role, ...] = ROLES) -> Gauge:
    _declared.append(Declared(name, "gauge", unit, text, tuple(labels), roles))
    made = Gauge(name, text, labels, registry=None)
    _register(made, roles)
    return made


def _histogram(
    name: str, unit: str, text: str, labels: Sequence[str], roles: tuple[Role, ...], buckets: Sequence[float]
) -> Histogram:
    _declared.append(Declared(name, "histogram", unit, text, tuple(labels), roles))
    made = Histogram(name, text, labels, registry=None, buckets=buckets)
    _register(made, roles)
    return made


def _spread(name: str, unit: str, text: str, label: str, roles: tuple[Role, ...], buckets: Sequence[float]) -> Spread:
    _declared.append(Declared(name, "histogram", unit, text, (label,), roles))
    made = Spread(name, text, label, buckets)
    _register(made, roles)
    return made


def _register(made: Collector, roles: tuple[Role, ...]) -> None:
    for role in roles:
        _registries[role].register(made)


# --- Every process

INFO = _gauge("newsloom_info", "1", "What runs here.", ("role", "version"))
DISK_FREE = _gauge("newsloom_disk_free_bytes", "bytes", "Free space under the state folder.")
DISK_SIZE = _gauge("newsloom_disk_size_bytes", "bytes", "Size of the file system that the state folder is on.")

for _role in ROLES:
    ProcessCollector(registry=_registries[_role])
_declared += [
    Declared(
        "process_cpu_seconds_total", "counter", "seconds", "Processor time, without a pool's processes.", (), ROLES
    ),
    Declared(
        "process_resident_memory_bytes", "gauge", "bytes", "Memory, without that of a pool's processes.", (), ROLES
    ),
    Declared("process_virtual_memory_bytes", "gauge", "bytes", "Address space.", (), ROLES),
    Declared("process_start_time_seconds", "gauge", "seconds", "When the process started, in Unix time.", (), ROLES),
    Declared("process_open_fds", "gauge", "descriptors", "Open files and sockets.", (), ROLES),
    Declared("process_max_fds", "gauge", "descriptors", "How many there may be.", (), ROLES),
]

# --- Workers

_WORKER: tuple[Role, ...] = ("worker",)
RECORDS = _counter("newsloom_records", "records", "Records handled.", ("stage", "outcome", "reason"), _WORKER)
STAGE_CPU = _counter(
    "newsloom_stage_cpu_seconds", "seconds", "Processor time in the stage itself.", ("stage",), _WORKER
)
LATENCY = _spread(
    "newsloom_latency_seconds",
    "seconds",
    "From `first_seen_at` of the raw document to the acknowledged effects of this stage; replays apart.",
    "stage", _WORKER, _LATENCY,
)  # fmt: skip
BATCH_RECORDS = _histogram(
    "newsloom_batch_records", "records", "Records taken together.", ("stage",), _WORKER, _RECORDS
)
BATCH_SECONDS = _histogram(
    "newsloom_batch_seconds", "seconds", "From taking a batch to its effects.", ("stage",), _WORKER, _DURATION
)
INBOX = _gauge("newsloom_inbox_records", "records", "Fetched, and waiting or in work.", ("stage",), _WORKER)
PARTITIONS = _gauge("newsloom_partitions", "partitions", "Partitions assigned to this worker.", ("stage",), _WORKER)
LAG_RECORDS = _gauge(
    "newsloom_lag_records",
    "records",
    "End of the log, as the last fetch told it, less what is committed.",
    ("stage", "partition"), _WORKER,
)  # fmt: skip
LAG_SECONDS = _gauge(
    "newsloom_lag_seconds",
    "seconds",
    "Since the broker took the oldest record fetched and not done, else the last one done; NaN if unknown, 0 if level.",
    ("stage", "partition"), _WORKER,
)  # fmt: skip
EXPIRED = _counter(
    "newsloom_expired_records", "records", "Removed by retention before the stage had them: lost.", ("stage",), _WORKER
)
TABLE_KEYS = _gauge("newsloom_table_keys", "keys", "RocksDB's estimate.", ("stage", "table"), _WORKER)
TABLE_BYTES = _gauge(
    "newsloom_table_bytes", "bytes", "Local store: files and what is yet in memory.", ("stage", "table"), _WORKER
)
RECOVERING = _gauge("newsloom_recovering", "1", "1 while tables are filled from changelogs.", ("stage",), _WORKER)
RECOVERED = _counter(
    "newsloom_recovered_records", "records", "Changelog records read to fill tables.", ("stage",), _WORKER
)
RECOVERIES = _counter("newsloom_recoveries", "recoveries", "Times that tables were filled.", ("stage",), _WORKER)
REBALANCES = _counter("newsloom_rebalances", "rebalances", "Times that partitions were assigned.", ("stage",), _WORKER)
ALARM = _gauge(
    "newsloom_alarm", "1", "1 for a stage that stands still until `newsloom dlq release`.", ("stage",), ("worker", "up")
)

# --- The poller

_POLLER: tuple[Role, ...] = ("poller",)
FEEDS = _gauge("newsloom_feeds", "feeds", "Feeds of the catalogue by how they stand.", ("standing",), _POLLER)
FEEDS_DUE = _gauge("newsloom_feeds_due", "feeds", "Feeds due and not yet begun.", (), _POLLER)
FEEDS_RUNNING = _gauge("newsloom_feeds_running", "feeds", "Feeds being polled.", (), _POLLER)
FEED_NEXT = _gauge("newsloom_feed_next_seconds", "seconds", "Until the next feed is due; 0 when one is.", (), _POLLER)
FEED_POLLS = _counter("newsloom_feed_polls", "polls", "Polls by result.", ("outcome",), _POLLER)
FEED_DOCUMENTS = _counter("newsloom_feed_documents", "documents", "Entries pushed, new or edited.", (), _POLLER)

# --- A drop folder's watcher

_WATCH: tuple[Role, ...] = ("watch",)
DROP_FILES = _counter("newsloom_drop_files", "files", "Files taken, and those that were not.", ("state",), _WATCH)
DROP_DOCUMENTS = _counter("newsloom_drop_documents", "documents", "Documents pushed from files.", (), _WATCH)
DROP_WAITING = _gauge("newsloom_drop_waiting_files", "files", "Files not whole yet, or not yet taken.", (), _WATCH)

# --- The API

_API: tuple[Role, ...] = ("api",)
HTTP_REQUESTS = _counter(
    "newsloom_http_requests", "requests", "HTTP requests by route and status.", ("method", "route", "status"), _API
)
HTTP_SECONDS = _histogram(
    "newsloom_http_request_seconds",
    "seconds",
    "Time to the end of the answer; of a stream, to its beginning.",
    ("route",), _API, _HTTP,
)  # fmt: skip
DOCUMENTS = _counter(
    "newsloom_documents", "documents", "Documents posted: accepted, or refused and why.", ("outcome",), _API
)
READ_MODEL_LAG_RECORDS = _gauge(
    "newsloom_read_model_lag_records", "records", "Records in the topics that the read model lacks.", (), _API
)
READ_MODEL_BEHIND_SECONDS = _gauge(
    "newsloom_read_model_behind_seconds", "seconds", "Since the read model was last level.", (), _API
)
READ_MODEL_APPLIED = _gauge(
    "newsloom_read_model_applied_records", "records", "Records this process has put into the read model.", (), _API
)
READ_MODEL_WRITES = _gauge(
    "newsloom_read_model_writes", "1", "1 when it is this process that keeps the read model.", (), _API
)
GROUP_LAG_RECORDS = _gauge(
    "newsloom_group_lag_records", "records", "Lag of a stage as the broker tells it, workers or not.", ("stage",), _API
)
GROUP_LAG_SECONDS = _gauge(
    "newsloom_group_lag_seconds",
    "seconds",
    "How long the oldest record that the stage has yet to commit has waited; NaN where the read model lacks it.",
    ("stage",), _API,
)  # fmt: skip
DEAD_LETTERS = _gauge(
    "newsloom_dead_letters", "letters", "Records in the dead-letter topics.", ("stage", "reason"), _API
)

# --- `newsloom up`

RESTARTS = _counter(
    "newsloom_restarts", "restarts", "Processes that ended and were started again.", ("process",), ("up",)
)

DECLARED = tuple(_declared)
"""All of them, in the order of this file."""


def introduce(role: Role, folder: Path) -> None:
    """Say what this process is; `folder` is where its state, and so its disk, is."""
    INFO.labels(role, version("newsloom")).set(1)
    DISK_FREE.set_function(lambda: disk_usage(folder).free)
    DISK_SIZE.set_function(lambda: disk_usage(folder).total)


def exposition(role: Role) -> bytes:
    """The metrics of a role, in the text format of `CONTENT_TYPE`."""
    return generate_latest(_registries[role])
