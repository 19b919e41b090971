"""Is a blocked event loop seen, and what runs?"""

import asyncio
import contextlib
import time

from prometheus_client import CollectorRegistry, Gauge

from shared.telemetry import process
from tests.counting import Counted
from tests.gateway import eventually

LAG = "msign_service_event_loop_lag_seconds"


async def test_a_blocked_event_loop_is_measured(monkeypatch):
    monkeypatch.setattr(process, "LOOK_EVERY_S", 0.01)
    counted = Counted()
    watching = asyncio.create_task(process.watch_event_loop())
    await asyncio.sleep(0)
    time.sleep(0.2)  # noqa: ASYNC251 - this is what blocks
    await eventually(lambda: seen(counted))
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching
    assert counted(f"{LAG}_sum") > 0.15


async def seen(counted):
    return counted(f"{LAG}_count")


def test_the_build_is_told_with_the_version_of_the_distribution():
    registry = CollectorRegistry()
    gauge = Gauge("build_info", "1", ["version", "service", "python"], registry=registry)
    process.show_build(gauge, "verifier")
    ((sample,),) = [metric.samples for metric in registry.collect()]
    assert sample.value == 1
    assert sample.labels["service"] == "verifier"
    assert sample.labels["version"] == process.version_here()
