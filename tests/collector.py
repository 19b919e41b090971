"""A collector of traces: what OTLP/HTTP exporters send, decoded (opentelemetry-proto, `ExportTraceServiceRequest`)."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Seen:
    """A span as it arrived."""

    service: str
    name: str
    kind: str
    trace_id: str
    span_id: str
    parent_id: str
    failed: bool
    says: dict[str, str]
    events: int


class Collector:
    """The spans that arrived; with `status` other than 200, or while `held`, they do not."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.status = 200
        self.asked = 0
        self.held = threading.Event()
        self.held.set()
        self._arrived = threading.Condition()

    async def until(
        self, enough: Callable[[Sequence[Seen]], object], *, trace_id: str = "", within_s: float = 30
    ) -> list[Seen]:
        """Wait until `enough` holds for the spans of a trace (of all, without one), and return them."""

        def chosen() -> list[Seen]:
            return [one for one in self.spans if one.trace_id == trace_id or not trace_id]

        def wait() -> bool:
            with self._arrived:
                return bool(self._arrived.wait_for(lambda: enough(chosen()), within_s))

        assert await asyncio.to_thread(wait), f"not enough: {[one.name for one in chosen()]}"
        return chosen()

    def take(self, body: bytes) -> int:
        """Take an export; returns the HTTP status of the answer."""
        self.asked += 1
        self.held.wait()
        if self.status == 200:
            request = ExportTraceServiceRequest.FromString(body)
            with self._arrived:
                self.spans += [span for resource in request.resource_spans for span in _spans(resource)]
                self._arrived.notify_all()
        return self.status


@contextmanager
def open_collector() -> Iterator[tuple[Collector, str]]:
    """Collect in threads of its own, whichever event loop runs; yields the URL as well."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status = collector.take(body) if self.path == "/v1/traces" else 404
            with suppress(OSError):
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    serving.start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_port}"
    finally:
        collector.held.set()
        server.shutdown()
        server.server_close()
        serving.join()


def _spans(resource):
    service = _says(resource.resource.attributes)["service.name"]
    for scope in resource.scope_spans:
        for span in scope.spans:
            yield Seen(
                service=service,
                name=span.name,
                kind=span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
                trace_id=span.trace_id.hex(),
                span_id=span.span_id.hex(),
                parent_id=span.parent_span_id.hex(),
                failed=span.status.code == span.status.STATUS_CODE_ERROR,
                says=_says(span.attributes),
                events=len(span.events),
            )


def _says(attributes):
    return {one.key: str(getattr(one.value, one.value.WhichOneof("value"))) for one in attributes}
