"""What does the gateway measure? Prometheus' conventions: seconds, totals, no ids in labels."""

from prometheus_client import Counter, Gauge, Histogram

COMMANDS = Counter("msign_commands_total", "Commands taken in, by what became of them.", ["queue", "outcome"])
DEAD_LETTERS = Counter("msign_dead_letters_total", "Deliveries sent to a dead queue.", ["queue", "reason"])
TRANSITIONS = Counter("msign_job_transitions_total", "Changes of state.", ["kind", "state", "cause"])
PURGED = Counter("msign_purged_total", "What was forgotten because its time was over.", ["kind"])
EVENTS_PUBLISHED = Counter("msign_events_published_total", "Events that the broker confirmed.")
EVENTS_REFUSED = Counter("msign_events_refused_total", "Events that the broker did not confirm at this attempt.")
SOAP_SECONDS = Histogram(
    "msign_soap_call_duration_seconds",
    "Calls of MSign's operations.",
    ["operation", "outcome"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
BREAKER_OPEN = Gauge("msign_breaker_open", "1 while MSign is not called because it is down.")
RETURNS = Counter("msign_returns_total", "Browsers that came back from the Sign Page.", ["outcome"])
