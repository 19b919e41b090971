"""Which metrics are there? Ours as the code registers them, and those of others that we use."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from services.msign import metrics as provider
from shared.telemetry import metrics as gateway
from shared.telemetry import process

SCRAPED = frozenset({"job", "instance", "le"})
"""Labels that Prometheus or a histogram adds."""

# From Prometheus itself, and from prometheus_client in every process.
COMMON = {"up", "ALERTS", "process_start_time_seconds", "process_cpu_seconds_total", "process_resident_memory_bytes"}

# Looked up in the plugin rabbitmq_prometheus of RabbitMQ 3.10; tests/integration/infrastructure asks a running one.
BROKER = {
    "rabbitmq_alarms_memory_used_watermark",
    "rabbitmq_alarms_free_disk_space_watermark",
    "rabbitmq_channel_messages_published_total",
    "rabbitmq_channel_messages_confirmed_total",
    "rabbitmq_channel_messages_acked_total",
    "rabbitmq_channel_messages_redelivered_total",
    "rabbitmq_process_resident_memory_bytes",
    "rabbitmq_resident_memory_limit_bytes",
    "rabbitmq_disk_space_available_bytes",
    "rabbitmq_disk_space_available_limit_bytes",
    "rabbitmq_connections",
    "rabbitmq_channels",
}
BROKER_DETAILED = {
    "rabbitmq_detailed_queue_messages",
    "rabbitmq_detailed_queue_messages_ready",
    "rabbitmq_detailed_queue_consumers",
}

# Looked up in postgres_exporter 0.11 against PostgreSQL 15.
DATABASE = {
    "pg_up",
    "pg_settings_max_connections",
    "pg_stat_database_numbackends",
    "pg_stat_database_xact_commit",
    "pg_stat_database_xact_rollback",
    "pg_stat_database_blks_hit",
    "pg_stat_database_blks_read",
    "pg_database_size_bytes",
    "pg_stat_activity_max_tx_duration",
}

_SUFFIXES = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "gauge": ("",)}


def _registered() -> Iterator[tuple[str, frozenset[str]]]:
    for module in (gateway, provider, process):
        for metric in vars(module).values():
            if isinstance(metric, MetricWrapperBase):
                for family in metric.describe():
                    for suffix in _SUFFIXES[family.type]:
                        yield family.name + suffix, frozenset(metric._labelnames)


OURS = dict(_registered())
"""Name → its own labels."""

FOREIGN = COMMON | BROKER | BROKER_DETAILED | DATABASE
