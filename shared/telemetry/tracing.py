"""How does one trace follow a sign job through commands, SOAP calls, HTTP requests and events?

By W3C Trace Context: a `traceparent` travels in the headers of messages and requests, and waits on the rows of jobs and
events. Where no exporter is set up spans are not recorded, cost next to nothing and only hand the `traceparent` on.
Baggage is neither read nor written. Of an exception a span keeps the class, never the text: that may quote what a
person entered.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache

from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry import attributes
from shared.telemetry.process import version_here

TRACEPARENT = "traceparent"
FLUSH_S = 3.0
LONGEST = 512
"""No traceparent has more characters, whatever versions to come append to it."""

Attributes = Mapping[str, str | int | bool]

_PROPAGATOR = TraceContextTextMapPropagator()
_tracer: Tracer | None = None
"""Records spans while they go somewhere; without one the present span is handed on as it is."""


@contextmanager
def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, says: Attributes | None = None
) -> Iterator[Span]:
    """Run the block in a span below the one of `parent` (None: below the present one); what it raises marks it."""
    if _tracer is None:
        with _within(context_of(parent)):
            yield trace.get_current_span()
        return
    with _tracer.start_as_current_span(
        name,
        context_of(parent),
        kind,
        attributes=says,
        record_exception=False,
        set_status_on_exception=False,
    ) as current:
        try:
            yield current
        except Exception as error:
            failed(current, type(error).__qualname__)
            raise


def begin(name: str, *, kind: SpanKind, parent: object, says: Attributes) -> Span:
    """Begin a span that does not end with a block: whoever begins it ends it."""
    if _tracer is None:
        return trace.get_current_span(context_of(parent))
    return _tracer.start_span(name, context_of(parent), kind, attributes=says)


def failed(current: Span, error_type: str) -> None:
    """Mark a span as failed; `error_type` is a class or a word of a closed list."""
    current.set_attribute(attributes.ERROR_TYPE, error_type)
    current.set_status(Status(StatusCode.ERROR))


def context_of(traceparent: object) -> Context | None:
    """Return the context that a `traceparent` names; None, which is the present one, for anything that is none."""
    if not isinstance(traceparent, str) or len(traceparent) > LONGEST:
        return None
    return _context_of(traceparent)


@lru_cache(maxsize=1024)
def _context_of(traceparent: str) -> Context | None:
    context = _PROPAGATOR.extract({TRACEPARENT: traceparent}, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def traceparent_of(current: Span) -> str | None:
    """Return the `traceparent` of a span, None if there is no trace."""
    context = current.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"


@contextmanager
def _within(context: Context | None) -> Iterator[None]:
    """Make what happens in the block a part of that trace (None: of the present one)."""
    if context is None:
        yield
        return
    token = attach(context)
    try:
        yield
    finally:
        detach(token)


def current_traceparent() -> str | None:
    """Return the `traceparent` of the present span, None if there is none."""
    return traceparent_of(trace.get_current_span())


def trace_headers() -> dict[str, str]:
    """Return the headers with which a request continues the present trace."""
    traceparent = current_traceparent()
    return {} if traceparent is None else {TRACEPARENT: traceparent}


@contextmanager
def exporting(service: str, endpoint: str | None) -> Iterator[None]:
    """Send the spans of this process to the OTLP/HTTP collector at `endpoint` while the block runs; None: to nobody.

    Spans wait in a bounded queue for a thread of their own: a collector that is slow or away costs spans, never work.
    At the end what waits has `FLUSH_S` seconds to get out. Sampling, headers, certificates and time-outs are set by
    OpenTelemetry's own environment variables.
    """
    global _tracer  # noqa: PLW0603 - what a process records is the process' own
    if endpoint is None:
        yield
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - costs memory
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    resource = Resource.create({"service.name": service, "service.version": version_here()})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")))
    _tracer = provider.get_tracer("msign_gateway")
    try:
        yield
    finally:
        _tracer = None
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(FLUSH_S)
