"""Are verdicts counted as MSign gave them, once each, and how many contents a call carries?"""

from datetime import timedelta

import pytest

from services.verifier.asking import Asking
from services.verifier.batches import Measure
from services.verifier.handlers import verification_intent
from services.verifier.verifying import Verifier
from shared.contract.faults import InvalidParameter
from shared.contract.models import VerificationResponse
from shared.errors import Transient
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from tests.integration.verifying.verification import VerifyingMSign, command, good, item

VERDICTS = "msign_gateway_verdicts_total"


@pytest.fixture
def msign():
    return VerifyingMSign()


@pytest.fixture
async def verify(pool, systems, msign):
    admission = Admission(pool, systems, verification_intent(4096, timedelta(hours=24)))
    asking = Asking(pool, msign, Breaker(), measure=Measure(count=4, size=1000), at_once=2)
    verifier = Verifier(pool, asking, inline_bytes=4096)

    async def verified(*items):
        await admission.handle([command(*items)])
        for job in await verifier.claim(10):
            await verifier.verify(job)

    return verified


async def test_valid_invalid_and_refused_are_told_apart(counted, msign, verify):
    msign.poison[b"<bad/>"] = InvalidParameter("this cannot be read")
    msign.answers = []
    await verify(item(correlation_id="1"), item(b"<bad/>", correlation_id="2"))
    assert counted(VERDICTS, content_type="Hash", verdict="valid") == 1
    assert counted(VERDICTS, content_type="Hash", verdict="refused") == 1
    assert counted("msign_gateway_verification_call_contents_count") == 3  # both, then each alone
    assert counted("msign_gateway_verification_call_contents_sum") == 4


async def test_what_msign_finds_invalid_is_counted_so(counted, msign, verify):
    msign.answers = [VerificationResponse(results=(good("1", signatures_valid=False),))]
    await verify(item(correlation_id="1"))
    assert counted(VERDICTS, content_type="Hash", verdict="invalid") == 1
    labels = {"kind": "verification", "stage": "end_to_end"}
    assert counted("msign_gateway_job_stage_duration_seconds_count", **labels) == 1


async def test_nothing_is_counted_before_the_job_is_complete(counted, msign, verify):
    msign.answers = [Transient("MSign's answer cannot be used")]
    await verify(item(correlation_id="1"))
    assert counted(VERDICTS, content_type="Hash", verdict="valid") == 0
    assert counted("msign_gateway_job_retries_total", kind="verification", reason="unusable") == 1
