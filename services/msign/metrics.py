"""Which numbers does the provider show to operators? Prometheus' conventions; no ids and no numbers in labels."""

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

API_CALLS = Counter(
    "msign_provider_api_calls_total",
    "SOAP calls; outcome: ok or the fault code.",
    ["operation", "outcome"],
)
API_CALL_SECONDS = Histogram(
    "msign_provider_api_call_duration_seconds",
    "Time to answer a SOAP call.",
    ["operation"],
    buckets=SECONDS,
)
SIGNINGS = Counter(
    "msign_provider_signings_total",
    "Sign requests decided by their user; outcome: signed, failed, declined; instrument: none where none was chosen.",
    ["instrument", "outcome"],
)
TOKENS_OPENED = Counter(
    "msign_provider_tokens_opened_total",
    "Entries of a PIN or password; outcome: opened or the refusal.",
    ["instrument", "outcome"],
)
VERDICTS = Counter(
    "msign_provider_verdicts_total",
    "Verified contents; verdict: valid, invalid, refused (it holds no signature that can be read).",
    ["content_type", "verdict"],
)
REQUESTS = Gauge(
    "msign_provider_requests",
    "Sign requests without an outcome; status: pending, expired (until they are removed); from the database.",
    ["status"],
)
REQUESTS_READ_TIMESTAMP = Gauge(
    "msign_provider_requests_read_timestamp_seconds",
    "When the number of requests was last read: it stands still while the database is away.",
)
PURGED = Counter(
    "msign_provider_requests_purged_total",
    "Sign requests removed from the online database because their time was over.",
)
CERTIFICATE_NOT_AFTER = Gauge(
    "msign_provider_certificate_not_after_timestamp_seconds",
    "When a certificate of ours ends.",
    ["certificate"],
)
BUILD_INFO = Gauge("msign_provider_build_info", "1, with what runs here.", ["version", "service", "python"])
