"""Is MSign up? A circuit breaker: when it is down nothing is claimed; one call at a time probes it."""

import asyncio
import time

import structlog

from shared.contract.failures import failure_of
from shared.telemetry import metrics

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0

log = structlog.get_logger(__name__)


class Breaker:
    """Closed: calls go through. Open: nobody calls until a pause is over, then one probe decides."""

    def __init__(self) -> None:
        self._pause_s = 0.0
        self._closed_from = 0.0

    @property
    def open(self) -> bool:
        """Whether MSign counts as down."""
        return self._pause_s > 0

    async def room(self, wanted: int) -> int:
        """Wait until calls make sense; returns how many may be made at once: `wanted`, or 1 for a probe."""
        await asyncio.sleep(max(0.0, self._closed_from - time.monotonic()))
        return 1 if self.open else wanted

    def succeeded(self) -> None:
        """Note that MSign answered."""
        if self.open:
            log.info("breaker_closed")
        self._pause_s = 0.0
        metrics.BREAKER_OPEN.set(0)

    def failed(self, error: Exception) -> None:
        """Note that MSign as a whole cannot be used; the pause doubles from 1 s to 30 s."""
        if not self.open:
            log.error("breaker_opened", error=type(error).__name__, detail=str(error))
            metrics.BREAKER_OPENINGS.labels(failure_of(error)).inc()
        self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._closed_from = time.monotonic() + self._pause_s
        metrics.BREAKER_OPEN.set(1)
