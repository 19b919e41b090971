"""Does a command name the trace of whoever publishes it?"""

import sys

from opentelemetry.baggage import set_baggage
from opentelemetry.context import attach, detach
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, use_span

from msign_gateway.client.tracing import trace_headers

TRACEPARENT = "00-0000000000000000000000000000cafe-000000000000beef-01"


def here():
    return use_span(NonRecordingSpan(SpanContext(0xCAFE, 0xBEEF, is_remote=False, trace_flags=TraceFlags(1))))


def test_the_present_trace_is_named_and_nothing_else():
    token = attach(set_baggage("idnp", "2000000000017"))
    try:
        with here():
            assert trace_headers() == {"traceparent": TRACEPARENT}
    finally:
        detach(token)


def test_where_there_is_no_trace_nothing_is_named():
    assert trace_headers() == {}


def test_an_installation_without_opentelemetry_names_nothing(monkeypatch):
    with here():
        monkeypatch.setitem(sys.modules, "opentelemetry.trace.propagation.tracecontext", None)
        assert trace_headers() == {}
