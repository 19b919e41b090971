"""How did the outbox stand over the last hour? Seen by this process: the database does not keep it."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from prometheus_client import Gauge

from services.sign_gateway.status.windows import Window, floor
from shared.telemetry import metrics

EVERY_S = 15.0
KEPT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Sample:
    """For how many seconds the oldest unpublished event had waited at a moment."""

    at: datetime
    oldest_s: float


class Samples:
    """Looks at the outbox's gauge now and then; `measuring` sets it."""

    def __init__(self) -> None:
        self._kept: deque[Sample] = deque(maxlen=int(KEPT.total_seconds() / EVERY_S))

    async def run(self) -> None:
        """Take samples until cancelled."""
        while True:
            await asyncio.sleep(EVERY_S)
            self.take(datetime.now(UTC))

    def take(self, now: datetime) -> None:
        """Take one sample, once there is something to see."""
        if _value(metrics.STATE_READ_TIMESTAMP):
            self._kept.append(Sample(now, _value(metrics.OUTBOX_OLDEST_AGE_SECONDS)))

    def worst(self, window: Window, now: datetime) -> tuple[float | None, ...]:
        """Return the longest wait that was seen in each step of a window; None where nobody looked."""
        worst: dict[datetime, float] = {}
        for sample in self._kept:
            step = floor(sample.at, window.step)
            worst[step] = max(worst.get(step, 0.0), sample.oldest_s)
        return tuple(worst.get(step) for step in window.steps(now))


def _value(gauge: Gauge) -> float:
    (metric,) = gauge.collect()
    return float(metric.samples[0].value)
