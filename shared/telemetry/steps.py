"""What is this process doing for a job right now? One place says so, to the traces and to the log lines."""

from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import Span, SpanKind
from structlog.contextvars import bound_contextvars

from shared.persistence.job import Job
from shared.telemetry import attributes, tracing


@contextmanager
def step(job: Job, name: str, *, kind: SpanKind = SpanKind.INTERNAL) -> Iterator[Span]:
    """Take a step of `job` in a span of the job's trace; every log line within names the job and its command."""
    says = {
        attributes.JOB_ID: str(job.job_id),
        attributes.COMMAND_ID: job.command_id,
        attributes.SYSTEM: job.system,
        attributes.KIND: job.kind.value,
        attributes.ATTEMPT: job.attempt,
    }
    parent = None if _goes_on(job) else job.traceparent
    names = bound_contextvars(job_id=str(job.job_id), command_id=job.command_id)
    with names, tracing.span(name, kind=kind, parent=parent, says=says) as current:
        yield current


def _goes_on(job: Job) -> bool:
    """Tell whether we are within another step of the same job: both traceparents then name one trace."""
    here, begun = tracing.current_traceparent(), job.traceparent
    return here is not None and begun is not None and here.split("-")[1] == begun.split("-")[1]
