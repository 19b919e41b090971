"""What does the outcome of a call of MSign mean for the job that made it?

Answered: go on. Refused: MSign says no to this very request, trying again cannot help. Postponed: not this time; it
counts as the job's failure unless MSign as a whole is down, which opens the breaker instead.
"""

import time
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.contract.faults import MSignFault
from shared.errors import Malformed, ProviderDown, Transient
from shared.messaging.problems import Code, Problem
from shared.signing.breaker import Breaker
from shared.telemetry import metrics

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Answered(Generic[Answer]):
    """MSign did what was asked."""

    value: Answer


@dataclass(frozen=True, slots=True)
class Refused:
    """MSign will not do it, however often it is asked."""

    error: MSignFault | Malformed

    @property
    def problem(self) -> Problem:
        """The problem that the `rejected` event names."""
        return Problem(getattr(self.error, "field", ""), Code.REFUSED_BY_MSIGN, str(self.error))


@dataclass(frozen=True, slots=True)
class Postponed:
    """It did not work this time; `counts` tells whether it is held against the job."""

    error: Transient
    counts: bool


async def call(operation: str, breaker: Breaker, answer: Awaitable[Answer]) -> Answered[Answer] | Refused | Postponed:
    """Await MSign's answer and return what it means; everything but bugs and cancellation is an outcome."""
    started = time.perf_counter()
    label = "crashed"
    try:
        value = await answer
    except ProviderDown as error:
        label = "down"
        breaker.failed(error)
        return Postponed(error, counts=False)
    except Transient as error:
        label = "failed"
        return Postponed(error, counts=True)
    except (MSignFault, Malformed) as error:
        label = "refused"
        breaker.succeeded()
        return Refused(error)
    else:
        label = "answered"
        breaker.succeeded()
        return Answered(value)
    finally:
        metrics.SOAP_SECONDS.labels(operation, label).observe(time.perf_counter() - started)
