"""Does a command belong to the trace of whoever publishes it? Yes, where OpenTelemetry's API is installed."""

TRACEPARENT = "traceparent"


def trace_headers() -> dict[str, str]:
    """Return the headers that name the present trace (W3C Trace Context); nothing where there is none."""
    try:
        from opentelemetry.trace.propagation.tracecontext import (  # noqa: PLC0415 - the base installation has none
            TraceContextTextMapPropagator,
        )
    except ImportError:
        return {}
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return {name: value for name, value in carrier.items() if name == TRACEPARENT}
