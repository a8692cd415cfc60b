"""Spans of pushes and stages, sent to a collector by OpenTelemetry's SDK where that is installed and told to.

Their ids are known before they begin (`streams.traceparent`), so they are made whole, at their end, and handed to the
SDK's batch processor, which sends them from a thread of its own.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from threading import Thread
from typing import TYPE_CHECKING, Final

from streams.codec import Record, header
from streams.errors import UsageError
from streams.settings import Settings
from streams.traceparent import Context, context_of, stage_context

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.trace import SpanContext

__all__ = ["Spans", "open_spans"]

_FLUSH_S: Final = 2.0
_DOCUMENT: Final = "newsloom.document"
_OUTCOME: Final = "newsloom.outcome"


class Spans:
    """Where finished spans go; those of a trace that is not sampled go nowhere."""

    def __init__(self, processor: "SpanProcessor") -> None:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra, asked for by a setting
        from opentelemetry.sdk.util.instrumentation import InstrumentationScope  # noqa: PLC0415 - as above

        about = {"service.name": "newsloom", "service.version": version("newsloom")}
        self._processor = processor
        # What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say wins.
        self._resource = Resource(about).merge(Resource.create())
        self._scope = InstrumentationScope("newsloom", version("newsloom"))

    def stage(self, stage: str, record: Record, label: str, seconds: float) -> None:
        """Note that `stage` has just handled `record`, with the outcome `label`, in so many seconds of work."""
        above = context_of(record)
        if above is None or not above.sampled:
            return
        known: dict[str, str | int] = {
            "messaging.system": "kafka",
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            _OUTCOME: label,
            _DOCUMENT: header(record.headers, "ce_documentid") or "",
        }
        self._end(stage, stage_context(stage, record, above), above, seconds, known)

    def push(self, context: Context, caller: Context | None, document_id: str, seconds: float) -> None:
        """Note that the broker has just acknowledged a raw document, so many seconds after it was handed over."""
        if context.sampled:
            self._end("push", context, caller, seconds, {_DOCUMENT: document_id})

    def _end(
        self, name: str, context: Context, above: Context | None, seconds: float, known: dict[str, str | int]
    ) -> None:
        from opentelemetry.sdk.trace import ReadableSpan  # noqa: PLC0415 - as above
        from opentelemetry.trace import SpanKind, Status, StatusCode  # noqa: PLC0415 - as above

        failed = str(known.get(_OUTCOME, "")).startswith("dead")
        ended = time.time_ns()
        self._processor.on_end(
            ReadableSpan(
                name=name,
                context=_known(context, remote=False),
                parent=None if above is None else _known(above, remote=True),
                kind=SpanKind.PRODUCER if name == "push" else SpanKind.CONSUMER,
                resource=self._resource,
                instrumentation_scope=self._scope,
                attributes=known,
                status=Status(StatusCode.ERROR if failed else StatusCode.UNSET),
                start_time=ended - int(seconds * 1e9),
                end_time=ended,
            )
        )


def _known(context: Context, *, remote: bool) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags  # noqa: PLC0415 - as above

    flags = TraceFlags(TraceFlags.SAMPLED if context.sampled else TraceFlags.DEFAULT)
    return SpanContext(int(context.trace_id, 16), int(context.span_id, 16), remote, flags)


@contextmanager
def open_spans(settings: Settings) -> Iterator[Spans | None]:
    """Spans to `settings.otlp_endpoint` for the time of the context; None when there is none.

    The SDK's own variables set the rest: OTEL_EXPORTER_OTLP_HEADERS, OTEL_BSP_SCHEDULE_DELAY and so on. A collector
    that does not answer costs spans, nothing else. UsageError when the extra `otel` is not installed.
    """
    if not settings.otlp_endpoint:
        yield None
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - as above
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - as above
    except ImportError as error:
        raise UsageError("NEWSLOOM_OTLP_ENDPOINT needs the extra `otel`: pip install -e '.[otel]'") from error
    exporter = OTLPSpanExporter(endpoint=settings.otlp_endpoint)
    processor = BatchSpanProcessor(exporter)
    try:
        yield Spans(processor)
    finally:
        # It sends what it has, for half a minute where nobody answers.
        closing = Thread(target=processor.shutdown, daemon=True)
        closing.start()
        closing.join(_FLUSH_S)
        if closing.is_alive():
            exporter.shutdown()  # type: ignore[no-untyped-call]
