"""Which numbers does the provider show to operators?"""

from prometheus_client import Counter, Histogram

API_CALLS = Counter(
    "msign_api_calls_total", "SOAP calls by operation and outcome (ok or the fault code)", ["operation", "outcome"]
)
API_SECONDS = Histogram("msign_api_call_seconds", "Time to answer a SOAP call, in seconds", ["operation"])
VERDICTS = Counter("msign_verdicts_total", "Verified contents by verdict", ["content_type", "valid"])
TOKENS_OPENED = Counter(
    "msign_tokens_opened_total",
    "Entries of a PIN or password by instrument and outcome (opened or the refusal)",
    ["instrument", "outcome"],
)
PURGED = Counter("msign_requests_purged_total", "Sign requests removed from the online database")
