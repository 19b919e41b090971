"""Which span is the answer to a SOAP message? One of the caller's trace, if it tells its `traceparent`."""

from contextlib import AbstractContextManager

from aiohttp import web
from opentelemetry.trace import Span, SpanKind

from shared.telemetry import attributes, tracing


def server_span(request: web.Request) -> AbstractContextManager[Span]:
    """Return the span to answer in; which operation is called is not known yet."""
    parent = request.headers.get(tracing.TRACEPARENT)
    says = {attributes.RPC_SYSTEM: attributes.SOAP}
    return tracing.span("MSign", kind=SpanKind.SERVER, parent=parent, says=says)


def called(span: Span, operation: str, outcome: str) -> None:
    """Say which operation it was, and how it ended: ok or the fault's code."""
    span.update_name(f"MSign/{operation}")
    span.set_attribute(attributes.RPC_METHOD, f"MSign/{operation}")
    span.set_attribute(attributes.RPC_STATUS, outcome)
    if outcome != "ok":
        tracing.failed(span, outcome)
