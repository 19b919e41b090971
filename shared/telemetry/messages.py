"""What do traces and log lines say about a message that comes from the broker, or goes to it?"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind
from structlog.contextvars import bound_contextvars

from shared.telemetry import attributes, tracing

if TYPE_CHECKING:
    from shared.persistence.events import Waiting


class Received(Protocol):
    """What is told of a delivery."""

    @property
    def routing_key(self) -> str | None: ...  # noqa: D102
    @property
    def message_id(self) -> str | None: ...  # noqa: D102
    @property
    def headers(self) -> Mapping[str, Any]: ...  # noqa: D102


def taken(message: Received, queue: str) -> Span:
    """Begin the span of a delivery, below that of whoever published it; who takes it in ends it."""
    says = {
        attributes.MESSAGING_SYSTEM: attributes.RABBITMQ,
        attributes.MESSAGING_OPERATION: "process",
        attributes.MESSAGING_OPERATION_TYPE: "process",
        attributes.MESSAGING_DESTINATION: queue,
        attributes.MESSAGING_ROUTING_KEY: message.routing_key or "",
        attributes.MESSAGING_MESSAGE_ID: message.message_id or "",
    }
    parent = message.headers.get(tracing.TRACEPARENT)
    return tracing.begin(f"process {queue}", kind=SpanKind.CONSUMER, parent=parent, says=says)


@contextmanager
def settling(current: Span, message: Received) -> Iterator[None]:
    """Settle a delivery: what is done and logged in the block belongs to its span."""
    with (
        trace.use_span(current, record_exception=False, set_status_on_exception=False),
        bound_contextvars(command_id=message.message_id),
    ):
        yield


def sending(event: "Waiting", exchange: str) -> Span:
    """Begin the span of an event's publication, below that of what it tells; who publishes it ends it."""
    says = {
        attributes.MESSAGING_SYSTEM: attributes.RABBITMQ,
        attributes.MESSAGING_OPERATION: "publish",
        attributes.MESSAGING_OPERATION_TYPE: "send",
        attributes.MESSAGING_DESTINATION: exchange,
        attributes.MESSAGING_ROUTING_KEY: event.routing_key,
        attributes.MESSAGING_MESSAGE_ID: str(event.event_id),
        attributes.MESSAGING_CONVERSATION_ID: event.correlation_id,
        attributes.JOB_ID: str(event.job_id),
        attributes.EVENT_TYPE: event.type,
    }
    return tracing.begin(f"publish {exchange}", kind=SpanKind.PRODUCER, parent=event.traceparent, says=says)


@contextmanager
def saying(event: "Waiting", current: Span) -> Iterator[None]:
    """Log something about an event's publication in the block: the lines name it, and belong to its span."""
    with (
        trace.use_span(current, record_exception=False, set_status_on_exception=False),
        bound_contextvars(event_id=str(event.event_id), job_id=str(event.job_id), command_id=event.correlation_id),
    ):
        yield
