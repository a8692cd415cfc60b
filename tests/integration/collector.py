"""An OpenTelemetry collector that keeps what it gets: OTLP over HTTP, as `newsloom` sends it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

__all__ = ["Collector", "collecting"]


@dataclass(slots=True)
class Collector:
    """The spans that came, by id in hex; one that comes twice, after a redelivery, is the same."""

    endpoint: str
    spans: dict[str, Span] = field(default_factory=dict)

    def take(self, body: bytes) -> None:
        """Keep the spans of one request."""
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
            for scope in resource.scope_spans:
                self.spans |= {span.span_id.hex(): span for span in scope.spans}

    def way(self, span_id: str) -> list[str]:
        """Names from a span up to the one whose parent nobody sent, and that parent's id."""
        found = []
        while (span := self.spans.get(span_id)) is not None:
            found.append(span.name)
            span_id = span.parent_span_id.hex()
        return [*found, span_id]


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector on a loopback port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            collector.take(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}/v1/traces")
        Thread(target=server.serve_forever, daemon=True).start()
        yield collector
        server.shutdown()
