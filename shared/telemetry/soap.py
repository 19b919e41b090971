"""How long does a call of MSign take, and how does it end?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.contract.failures import failure_of, fault_code
from shared.contract.faults import MSignFault
from shared.telemetry import metrics


@contextmanager
def soap_call(operation: str) -> Iterator[None]:
    """Measure the call that the block makes."""
    started = time.perf_counter()
    outcome = "error"
    try:
        yield
        outcome = "ok"
    except Exception as error:
        outcome = failure_of(error)
        if isinstance(error, MSignFault):
            metrics.SOAP_FAULTS.labels(operation, fault_code(error)).inc()
        raise
    finally:
        metrics.SOAP_CALL_SECONDS.labels(operation, outcome).observe(time.perf_counter() - started)
