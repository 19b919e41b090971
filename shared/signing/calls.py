"""What does the outcome of a call of MSign mean for the job that made it?

Answered: go on. Refused: MSign says no to this very request, trying again cannot help. Postponed: not this time; it
counts as the job's failure unless MSign cannot have seen it, being down, which opens the breaker instead. A call
without an answer counts, so that a job that MSign hangs over makes room for others; several in a row open the breaker.
"""

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.contract.failures import failure_of
from shared.contract.faults import MSignFault
from shared.errors import Malformed, ProviderDown, Transient
from shared.messaging.problems import Code, Problem
from shared.signing.breaker import Breaker

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

    @property
    def reason(self) -> str:
        """Of what the call failed, in one word."""
        return failure_of(self.error)


async def call(breaker: Breaker, answer: Awaitable[Answer]) -> Answered[Answer] | Refused | Postponed:
    """Await MSign's answer and return what it means; everything but bugs and cancellation is an outcome."""
    try:
        value = await answer
    except Transient as error:
        breaker.failed(error)
        return Postponed(error, counts=not isinstance(error, ProviderDown))
    except (MSignFault, Malformed) as error:
        breaker.succeeded()
        return Refused(error)
    else:
        breaker.succeeded()
        return Answered(value)
