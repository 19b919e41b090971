"""How is a request signed and decided, whether the PIN comes from the Sign Page or from a phone?"""

import math
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

import structlog

from services.msign.instruments.instrument import OpenKey, Refused
from services.msign.metrics import SIGNINGS
from services.msign.pages.parts import Parts
from services.msign.pages.visits import Remark
from services.msign.signing.batch import Outcome, sign_batch
from services.msign.signing.expected import is_expected
from services.msign.summary import RequestSummary
from shared.contract.models import SignStatus
from shared.errors import MSignGatewayError, Transient
from shared.signatures.timestamps import TimestampFailed
from shared.telemetry import attributes, tracing

log = structlog.get_logger(__name__)

NO_INSTRUMENT = "none"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class NotExpected(MSignGatewayError):
    """Somebody else is expected to sign."""


async def sign_all(parts: Parts, asked: RequestSummary, opened: OpenKey) -> Outcome:
    """Sign what the open key may sign; raises `NotExpected`, and `Transient` when it can be tried again."""
    if not await is_expected(asked.expected_signer, opened.key.certificate, parts.mandates):
        raise NotExpected(asked.request_id)
    with tracing.span("sign documents", parent=asked.traceparent) as span:
        outcome = await sign_batch(asked, opened, parts.timestamper, parts.requests)
        span.set_attribute(attributes.OUTCOME, outcome.status.value)
        return outcome


async def decide(
    parts: Parts, request_id: str, status: SignStatus, reason: str | None = None, *, instrument: str = NO_INSTRUMENT
) -> bool:
    """Make the outcome known; False when it was decided before, or the time has passed."""
    first = await parts.requests.finish(request_id, status, reason=reason)
    if first:
        outcome = "signed" if status is SignStatus.SUCCESS else "declined" if reason == "declined" else "failed"
        SIGNINGS.labels(instrument, outcome).inc()
    log.info("sign_request_finished", request_id=request_id, status=status, reason=reason, first=first)
    return first


def remark_of(error: Refused | NotExpected | Transient, entered: Mapping[str, str] = _NOTHING) -> Remark:
    """Return what is said when a key cannot sign, or not now, after such values were entered."""
    if isinstance(error, Refused):
        minutes = math.ceil(error.wait / timedelta(minutes=1)) if error.wait else None
        return Remark(key=error.why.value, number=error.tries_left or minutes, entered=entered)
    if isinstance(error, NotExpected):
        return Remark(key="signer_mismatch", entered=entered)
    log.warning("signing_postponed", error=type(error).__name__, why=str(error))
    return Remark(key="no_timestamp" if isinstance(error, TimestampFailed) else "token_unavailable", entered=entered)
