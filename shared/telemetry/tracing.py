"""How does one trace follow a sign job through commands, SOAP calls, HTTP requests and events?

By W3C Trace Context: a `traceparent` travels in the headers of messages and requests, and waits on the rows of jobs and
events. Where no exporter is set up spans are not recorded, cost next to nothing and only hand the `traceparent` on.
Baggage is neither read nor written. Of an exception a span keeps the class, never the text: that may quote what a
person entered.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from shared.telemetry import attributes
from shared.telemetry.process import version_here

TRACEPARENT = "traceparent"
FLUSH_S = 3.0

Attributes = Mapping[str, str | int | bool]

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACER = trace.get_tracer("msign_gateway")


@contextmanager
def span(
    name: str, *, kind: SpanKind = SpanKind.INTERNAL, parent: str | None = None, says: Attributes | None = None
) -> Iterator[Span]:
    """Run the block in a span below the one of `parent` (None: below the present one); what it raises marks it."""
    with _TRACER.start_as_current_span(
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
    return _TRACER.start_span(name, context_of(parent), kind, attributes=says)


def failed(current: Span, error_type: str) -> None:
    """Mark a span as failed; `error_type` is a class or a word of a closed list."""
    current.set_attribute(attributes.ERROR_TYPE, error_type)
    current.set_status(Status(StatusCode.ERROR))


def context_of(traceparent: object) -> Context | None:
    """Return the context that a `traceparent` names; None, which is the present one, for anything that is none."""
    if not isinstance(traceparent, str):
        return None
    context = _PROPAGATOR.extract({TRACEPARENT: traceparent}, Context())
    return context if trace.get_current_span(context).get_span_context().is_valid else None


def traceparent_of(current: Span) -> str | None:
    """Return the `traceparent` of a span, None if there is no trace."""
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier, trace.set_span_in_context(current, Context()))
    return carrier.get(TRACEPARENT)


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
    trace.set_tracer_provider(provider)
    try:
        yield
    finally:
        last = threading.Thread(target=provider.shutdown, name="last spans", daemon=True)
        last.start()
        last.join(FLUSH_S)
