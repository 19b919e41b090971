"""What do operators see of the connections that every gateway service has? Looked at when they ask."""

import asyncpg

from shared.contract.failures import WORDS
from shared.messaging.events import TYPES
from shared.signing.settings import GatewaySettings
from shared.telemetry import metrics
from shared.telemetry.certificates import watched_end
from shared.telemetry.process import show_build


def show(settings: GatewaySettings, service: str, pool: asyncpg.Pool) -> None:
    """Let the gauges of this process tell the pool's connections and when the certificates end."""
    show_build(metrics.BUILD_INFO, service)
    metrics.begin(metrics.BREAKER_OPENINGS, WORDS)
    for counter in (metrics.EVENTS_PUBLISHED, metrics.EVENTS_REFUSED, metrics.EVENTS_UNROUTED):
        metrics.begin(counter, TYPES)
    metrics.DB_POOL_CONNECTIONS.labels("idle").set_function(pool.get_idle_size)
    metrics.DB_POOL_CONNECTIONS.labels("used").set_function(lambda: pool.get_size() - pool.get_idle_size())
    metrics.DB_POOL_CONNECTIONS_MAX.set_function(pool.get_max_size)
    files = {
        "msign_client": settings.msign_client_cert,
        "msign_ca": settings.msign_ca_bundle,
        "broker_client": settings.amqp_client_cert,
        "broker_ca": settings.amqp_ca_bundle,
        "database_client": settings.database_client_cert,
        "database_ca": settings.database_ca_bundle,
    }
    for name, path in files.items():
        if path is not None:
            metrics.CERTIFICATE_NOT_AFTER.labels(name).set_function(watched_end(path))
