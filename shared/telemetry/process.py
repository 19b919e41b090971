"""How is the process itself? What every service measures, whatever its job."""

import asyncio
import platform
import time
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import Gauge, Histogram

DISTRIBUTION = "msign-gateway"
LOOK_EVERY_S = 0.5

EVENT_LOOP_LAG_SECONDS = Histogram(
    "msign_service_event_loop_lag_seconds",
    "How much later than asked for the event loop came back: while it lags, nobody is answered.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
READY = Gauge("msign_service_ready", "1 if the service passes its readiness checks and is not stopping, else 0.")


def version_here() -> str:
    """Return the version of what runs; `unknown` where it runs without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "unknown"


def show_build(gauge: Gauge, service: str) -> None:
    """Set a build-info gauge: labels version, service and python."""
    gauge.labels(version_here(), service, platform.python_version()).set(1)


async def watch_event_loop() -> None:
    """Measure the event loop's lag, twice a second until cancelled."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(LOOK_EVERY_S)
        EVENT_LOOP_LAG_SECONDS.observe(max(0.0, time.perf_counter() - before - LOOK_EVERY_S))
