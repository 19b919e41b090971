"""How long does a call of MSign take, how does it end, and where is it in the trace?"""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from opentelemetry.trace import SpanKind

from shared.contract.failures import failure_of, fault_code
from shared.contract.faults import MSignFault
from shared.telemetry import attributes, metrics, tracing


@contextmanager
def soap_call(operation: str) -> Iterator[None]:
    """Measure and trace the call that the block makes."""
    started = time.perf_counter()
    outcome = "error"
    method = f"MSign/{operation}"
    says = {attributes.RPC_SYSTEM: attributes.SOAP, attributes.RPC_METHOD: method}
    with tracing.span(method, kind=SpanKind.CLIENT, says=says) as current:
        try:
            yield
            outcome = "ok"
        except Exception as error:
            outcome = failure_of(error)
            if isinstance(error, MSignFault):
                metrics.SOAP_FAULTS.labels(operation, fault_code(error)).inc()
                current.set_attribute(attributes.RPC_STATUS, fault_code(error))
            raise
        finally:
            current.set_attribute(attributes.OUTCOME, outcome)
            metrics.SOAP_CALL_SECONDS.labels(operation, outcome).observe(time.perf_counter() - started)
