"""What do the gateway's services measure? Prometheus' conventions: seconds, totals, no ids in labels.

`system` is a registered system's name, everything else comes from a closed list. Counters count what this process did,
at the moment when it writes it into the database; a transaction that fails at its commit is counted again by whoever
repeats it. The gauges of jobs and events are read from the database: every replica tells the same.
"""

from collections.abc import Iterable
from functools import cache
from itertools import product

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
SECONDS_TO_A_DAY = (*SECONDS, 900, 3600, 21600, 86400)
CONTENTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)

COMMANDS = Counter(
    "msign_gateway_commands_total",
    "Commands taken in; outcome: admitted, rejected, duplicate.",
    ["queue", "outcome"],
)
INBOX_DUPLICATES = Counter(
    "msign_gateway_inbox_duplicates_total",
    "Commands that had been taken in before, by their system and id.",
    ["queue"],
)
DEAD_LETTERS = Counter(
    "msign_gateway_dead_letters_total",
    "Deliveries that went to a dead queue because they cannot be used.",
    ["queue", "reason"],
)
CONSUMERS = Gauge(
    "msign_gateway_consumers",
    "1 while the broker delivers this queue to this process, else 0.",
    ["queue"],
)

JOB_TRANSITIONS = Counter(
    "msign_gateway_job_transitions_total",
    "Changes of state: where they led, and why.",
    ["kind", "system", "state", "cause"],
)
JOBS_FINISHED = Counter(
    "msign_gateway_jobs_finished_total",
    "Jobs that came to an end; outcome: the final state; reason: the event's reason_code or first error code, if any.",
    ["kind", "system", "outcome", "reason"],
)
JOB_STAGE_SECONDS = Histogram(
    "msign_gateway_job_stage_duration_seconds",
    "How long jobs took: received_to_posted, accepted_to_returned, returned_to_ready, end_to_end.",
    ["kind", "stage"],
    buckets=SECONDS_TO_A_DAY,
)
JOB_RETRIES = Counter(
    "msign_gateway_job_retries_total",
    "Work on a job that did not succeed and will be tried again; reason: what the call of MSign failed of.",
    ["kind", "reason"],
)
PURGED = Counter(
    "msign_gateway_purged_total",
    "What was forgotten because its time was over: jobs, contents.",
    ["kind"],
)

SOAP_CALL_SECONDS = Histogram(
    "msign_gateway_soap_call_duration_seconds",
    "Calls of MSign; outcome: ok, fault, timeout, connection, down, authentication, unusable, error.",
    ["operation", "outcome"],
    buckets=SECONDS,
)
SOAP_FAULTS = Counter(
    "msign_gateway_soap_faults_total",
    "Faults that MSign answered with; code: the contract's, or other.",
    ["operation", "code"],
)
BREAKER_OPEN = Gauge(
    "msign_gateway_breaker_open",
    "1 while MSign is not called because it cannot be used.",
)
BREAKER_OPENINGS = Counter(
    "msign_gateway_breaker_openings_total",
    "Times that the breaker opened; cause: what the last call failed of, as above.",
    ["cause"],
)

RETURNS = Counter(
    "msign_gateway_returns_total",
    "Browsers that came back from the Sign Page; outcome: settled, pending, refused.",
    ["outcome"],
)
EVENTS_PUBLISHED = Counter(
    "msign_gateway_events_published_total",
    "Events that the broker confirmed, each time.",
    ["type"],
)
EVENTS_REFUSED = Counter(
    "msign_gateway_events_refused_total",
    "Publications that the broker did not confirm; they are repeated.",
    ["type"],
)
EVENTS_UNROUTED = Counter(
    "msign_gateway_events_unrouted_total",
    "Events that no queue was bound for: published, but nobody will read them.",
    ["type"],
)
VERDICTS = Counter(
    "msign_gateway_verdicts_total",
    "Verified contents; verdict: valid, invalid, refused (MSign would not or could not judge it).",
    ["content_type", "verdict"],
)
VERIFICATION_CALL_CONTENTS = Histogram(
    "msign_gateway_verification_call_contents",
    "How many contents a call of VerifySignatures carried.",
    buckets=CONTENTS,
)

STATE = CollectorRegistry()
"""The gauges that are read from the database; `show_state` shows them where that is done."""

JOBS = Gauge(
    "msign_gateway_jobs",
    "Jobs that are not finished; from the database.",
    ["kind", "system", "state"],
    registry=STATE,
)
OPEN_JOBS_BY_AGE = Gauge(
    "msign_gateway_open_jobs_by_age",
    "Jobs that are not finished; age: under_1m, 1m_to_10m, 10m_to_1h, 1h_to_1d, over_1d; from the database.",
    ["kind", "age"],
    registry=STATE,
)
CLAIMABLE_JOBS = Gauge(
    "msign_gateway_claimable_jobs",
    "Jobs that could be worked on now; from the database.",
    ["kind"],
    registry=STATE,
)
OVERDUE_JOBS = Gauge(
    "msign_gateway_overdue_jobs",
    "Unfinished jobs past their deadline, or that nobody works on though it is time; from the database.",
    ["kind"],
    registry=STATE,
)
OUTBOX_EVENTS = Gauge(
    "msign_gateway_outbox_events",
    "Events that the broker does not have yet; from the database.",
    registry=STATE,
)
OUTBOX_OLDEST_AGE_SECONDS = Gauge(
    "msign_gateway_outbox_oldest_age_seconds",
    "For how long the oldest of these events has waited, 0 if there is none; from the database.",
    registry=STATE,
)
STATE_READ_TIMESTAMP = Gauge(
    "msign_gateway_state_read_timestamp_seconds",
    "When the gauges that come from the database were last read: they stand still while it is away.",
    registry=STATE,
)

DB_POOL_CONNECTIONS = Gauge(
    "msign_gateway_db_pool_connections",
    "Connections to the database; state: idle, used.",
    ["state"],
)
DB_POOL_CONNECTIONS_MAX = Gauge(
    "msign_gateway_db_pool_connections_max",
    "How many connections to the database this process may open.",
)
CERTIFICATE_NOT_AFTER = Gauge(
    "msign_gateway_certificate_not_after_timestamp_seconds",
    "When the first of a file's certificates ends; 0 if none can be read from it.",
    ["certificate"],
)
BUILD_INFO = Gauge("msign_gateway_build_info", "1, with what runs here.", ["version", "service", "python"])


def begin(counted: Counter | Histogram, *values: Iterable[str]) -> None:
    """Show it at 0 for all these values of its labels: nobody sees the first step of what begins at 1."""
    for labels in product(*values):
        counted.labels(*labels)


@cache
def show_state() -> None:
    """Show the gauges that come from the database: only the service that reads them has something to tell."""
    REGISTRY.register(STATE)
