"""A verifier in parts: the real database, and an MSign that judges as the test says."""

from datetime import timedelta

import pytest

from services.verifier.asking import Asking
from services.verifier.batches import Measure
from services.verifier.handlers import verification_intent
from services.verifier.verifying import Verifier
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from tests.integration.verifying.verification import BATCH, INLINE_BYTES, VerifyingMSign


@pytest.fixture
def msign():
    return VerifyingMSign()


@pytest.fixture
def breaker():
    return Breaker()


@pytest.fixture
def verifications(pool, systems):
    return Admission(pool, systems, verification_intent(INLINE_BYTES, timedelta(hours=24)))


@pytest.fixture
def verifier(pool, msign, breaker):
    asking = Asking(pool, msign, breaker, measure=Measure(count=BATCH, size=1000), at_once=2)
    return Verifier(pool, asking, inline_bytes=INLINE_BYTES)


@pytest.fixture
def verify_all(verifier):
    async def verified():
        for job in await verifier.claim(10):
            await verifier.verify(job)

    return verified
