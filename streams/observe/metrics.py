"""Prometheus metrics of this process, all in one registry of our own: names and help texts stand here only."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

__all__ = [
    "CONTENT_TYPE",
    "DOCUMENTS",
    "HTTP_REQUESTS",
    "HTTP_SECONDS",
    "READ_MODEL_APPLIED",
    "READ_MODEL_BEHIND_SECONDS",
    "READ_MODEL_LAG_RECORDS",
    "READ_MODEL_WRITES",
    "REGISTRY",
    "exposition",
]

CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4

REGISTRY = CollectorRegistry(auto_describe=True)

HTTP_REQUESTS = Counter(
    "newsloom_http_requests", "HTTP requests by route and status.", ("method", "route", "status"), registry=REGISTRY
)
HTTP_SECONDS = Histogram(
    "newsloom_http_request_seconds",
    "Time to the end of the answer; of a stream, to its beginning.",
    ("route",),
    registry=REGISTRY,
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DOCUMENTS = Counter(
    "newsloom_documents", "Documents posted to the API: accepted, or refused and why.", ("outcome",), registry=REGISTRY
)
READ_MODEL_LAG_RECORDS = Gauge(
    "newsloom_read_model_lag_records", "Records in the topics that the read model lacks.", registry=REGISTRY
)
READ_MODEL_BEHIND_SECONDS = Gauge(
    "newsloom_read_model_behind_seconds", "Seconds since the read model was last level.", registry=REGISTRY
)
READ_MODEL_APPLIED = Gauge(
    "newsloom_read_model_applied_records", "Records this process has put into the read model.", registry=REGISTRY
)
READ_MODEL_WRITES = Gauge(
    "newsloom_read_model_writes", "1 when it is this process that keeps the read model.", registry=REGISTRY
)


def exposition() -> bytes:
    """All metrics in the text format of `CONTENT_TYPE`."""
    return generate_latest(REGISTRY)
