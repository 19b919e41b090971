"""Is MSign up? A circuit breaker: when it is down nothing is claimed; one call at a time probes it.

It is down when it says so or cannot be reached, and when call after call gets no answer: each of those may leave an
orphan there, and asking on would keep an overloaded MSign overloaded.
"""

import asyncio
import time
from collections.abc import Callable

import structlog

from shared.contract.arriving import NotKept
from shared.contract.failures import failure_of
from shared.contract.faults import MSignFault
from shared.errors import ProviderDown, Transient
from shared.telemetry import metrics

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
UNANSWERED_IN_A_ROW = 5

log = structlog.get_logger(__name__)


class Breaker:
    """Closed: calls go through. Open: nobody calls until a pause is over, then one probe decides."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pause_s = 0.0
        self._closed_from = 0.0
        self._unanswered = 0

    @property
    def open(self) -> bool:
        """Whether MSign counts as down."""
        return self._pause_s > 0

    async def room(self, wanted: int) -> int:
        """Wait until calls make sense; returns how many may be made at once: `wanted`, or 1 for a probe."""
        await asyncio.sleep(max(0.0, self._closed_from - self._clock()))
        return 1 if self.open else wanted

    def succeeded(self) -> None:
        """Note that MSign answered."""
        if self.open:
            log.info("breaker_closed")
        self._pause_s = 0.0
        self._unanswered = 0
        metrics.BREAKER_OPEN.set(0)

    def failed(self, error: Transient) -> None:
        """Note a failed call: MSign is down by its own or the network's word, or after several calls without an answer.

        The pause doubles from 1 s to 30 s, once for each probe.
        """
        if not isinstance(error, ProviderDown):
            if isinstance(error, MSignFault | NotKept):
                return  # an answer, if not one that helps
            self._unanswered += 1
            if not self.open and self._unanswered < UNANSWERED_IN_A_ROW:
                return
        now = self._clock()
        if self.open and now < self._closed_from:
            return  # the end of a call that began before the pause
        if not self.open:
            log.error("breaker_opened", error=type(error).__name__, detail=str(error))
            metrics.BREAKER_OPENINGS.labels(failure_of(error)).inc()
        self._pause_s = min(self._pause_s * 2 or FIRST_PAUSE_S, LONGEST_PAUSE_S)
        self._closed_from = now + self._pause_s
        metrics.BREAKER_OPEN.set(1)
