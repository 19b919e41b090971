"""What is counted when a job begins, moves and ends, and when its user comes back?

Durations are differences of moments that the database keeps, so they hold whichever processes the job passed through.
"""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from shared.persistence.job import Job
from shared.signing.states import FINAL, Cause, Kind, State
from shared.telemetry import metrics

POSTED = frozenset({State.AWAITING_SIGNER, State.REJECTED})
STAGES = {
    Kind.SIGN: ("received_to_posted", "accepted_to_returned", "returned_to_ready", "end_to_end"),
    Kind.VERIFICATION: ("end_to_end",),
}


def begin(kind: Kind) -> None:
    """Show the stages of a kind of job before the first job comes to their end."""
    metrics.begin(metrics.JOB_STAGE_SECONDS, [kind], STAGES[kind])


def changed(job: Job, cause: Cause) -> None:
    """Count that `cause` led `job` to its present state."""
    metrics.JOB_TRANSITIONS.labels(job.kind, job.system, job.state, cause).inc()


def moved(job: Job, cause: Cause, *, now: datetime, told: Sequence[BaseModel]) -> None:
    """Count the same, and what it was that came to its end; `told` is what the events say about it."""
    changed(job, cause)
    if job.kind is Kind.SIGN and job.state in POSTED:
        _took(job, "received_to_posted", job.created_at, now)
    if job.state in FINAL:
        metrics.JOBS_FINISHED.labels(job.kind, job.system, job.state, reason_in(told)).inc()
        _took(job, "end_to_end", job.created_at, now)
        if job.returned_at is not None:
            _took(job, "returned_to_ready", job.returned_at, now)


def returned(job: Job) -> None:
    """Count the first return of a job's user; an outcome that was known by then took them no time."""
    if job.posted_at is not None and job.returned_at is not None:
        _took(job, "accepted_to_returned", job.posted_at, job.returned_at)
        if job.state in FINAL:
            _took(job, "returned_to_ready", job.returned_at, job.returned_at)


def reason_in(told: Sequence[BaseModel]) -> str:
    """Return why a job ended as its last event tells it: the reason code, else the first error's code, else nothing."""
    for data in reversed(told):
        if errors := getattr(data, "errors", ()):
            return str(errors[0].code)
        return getattr(data, "reason_code", None) or ""
    return ""


def _took(job: Job, stage: str, since: datetime, until: datetime) -> None:
    seconds = max(0.0, (until - since).total_seconds())  # two processes' clocks may differ a little
    metrics.JOB_STAGE_SECONDS.labels(job.kind, stage).observe(seconds)
