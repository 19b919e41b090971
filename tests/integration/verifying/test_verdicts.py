"""From a job to MSign's verdicts, and what becomes of it when MSign fails or refuses."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import orjson
import pytest
import structlog

from services.sign_gateway.deadlines import take_back_lost
from shared.contract.faults import AuthenticationFailed, InvalidParameter
from shared.contract.models import (
    ContentType,
    VerificationResponse,
)
from shared.errors import ProviderDown, Transient
from shared.persistence import contents
from tests.gateway import DIGEST, events_of, only_job
from tests.integration.verifying.verification import XADES, command, good, item, only_event
from tests.pki import IDNP


async def test_the_verdicts_come_back_in_the_commands_order_with_its_correlation_ids(
    pool, verifications, verify_all, msign
):
    await verifications.handle([command(item(correlation_id="b"), item(), item(correlation_id="a"))])
    msign.answers = [
        VerificationResponse(
            results=(
                good("a", message="third"),
                good("msign-gateway-1", message="second", signatures_valid=False, certificates=()),
                good("b", message="first"),
            )
        )
    ]
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [(result["correlation_id"], result["message"], result["valid"]) for result in data["results"]] == [
        ("b", "first", True),
        (None, "second", False),
        ("a", "third", True),
    ]
    assert data["results"][0]["certificates"] == [
        {
            "subject": f"SERIALNUMBER={IDNP}, CN=Ion Creangă",
            "valid": True,
            "signed_at": "2026-11-24T12:00:00Z",
            "certificate": base64.b64encode(b"DER").decode(),
        }
    ]
    assert (await only_job(pool))["state"] == "completed"


async def test_msign_is_given_the_signatures_the_hashes_and_the_language(pool, verifications, verify_all, msign):
    ref = await contents.put(pool, "declaratii", b"stored")
    await verifications.handle([command(item(), item(None, signature_ref=ref, correlation_id="2"), language="ru")])
    await verify_all()
    (request,) = msign.requests
    assert (request.signed_content_type, request.language) == (ContentType.HASH, "ru")
    assert [content.signature for content in request.contents] == [XADES, b"stored"]
    assert [content.content for content in request.contents] == [DIGEST, DIGEST]
    assert [content.correlation_id for content in request.contents] == ["msign-gateway-0", "2"]


async def test_a_pdf_needs_no_content(pool, verifications, verify_all, msign):
    await verifications.handle([command(item(b"%PDF-1.7", content=None), content_type="Pdf")])
    await verify_all()
    assert msign.requests[0].contents[0].content is None
    assert msign.requests[0].language == "ro"
    await only_event(pool, "msign.verification.completed.v1")


async def test_results_too_large_for_a_message_are_stored_and_referred_to(pool, verifications, verify_all):
    await verifications.handle([command(*[item(correlation_id=str(index)) for index in range(25)])])
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert data["results"] == []
    body = await contents.get(pool, "declaratii", data["results_ref"])
    assert body is not None
    assert data["results_ref"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    assert [result["correlation_id"] for result in orjson.loads(body)] == [str(index) for index in range(25)]
    assert await contents.get(pool, "registru", data["results_ref"]) is None


# What goes wrong


@pytest.mark.parametrize(
    "answer",
    [
        Transient("the connection broke"),
        VerificationResponse(results=()),
        VerificationResponse(results=(good(None), good("other"))),
    ],
)
async def test_a_failure_or_a_missing_verdict_leads_to_another_attempt(
    pool, verifications, verify_all, msign, breaker, answer
):
    await verifications.handle([command()])
    msign.answers = [answer]
    await verify_all()
    job = await only_job(pool)
    assert (job["state"], job["failures"], job["lease_until"]) == ("received", 1, None)
    assert job["due_at"] > datetime.now(UTC)
    assert await events_of(pool) == []
    assert not breaker.open
    await pool.execute("UPDATE jobs SET due_at = now()")
    await verify_all()
    await only_event(pool, "msign.verification.completed.v1")


@pytest.mark.parametrize("error", [ProviderDown("no route"), AuthenticationFailed("Unknown service consumer: 01")])
async def test_a_provider_that_is_down_opens_the_breaker_and_burns_no_attempt(
    pool, verifications, verify_all, msign, breaker, error
):
    await verifications.handle([command()])
    msign.answers = [error]
    await verify_all()
    job = await only_job(pool)
    assert (job["state"], job["failures"]) == ("received", 0)
    assert breaker.open
    await verify_all()
    assert not breaker.open
    await only_event(pool, "msign.verification.completed.v1")


async def test_what_msign_refuses_ends_as_rejected(pool, verifications, verify_all, msign):
    await verifications.handle([command()])
    msign.answers = [InvalidParameter("Contents[0].Signature: bad")]
    await verify_all()
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [(error["code"], error["message"]) for error in data["errors"]] == [
        ("refused_by_msign", "Contents[0].Signature: bad")
    ]
    assert (await only_job(pool))["state"] == "rejected"


async def test_a_lost_claim_is_taken_back_and_its_late_verdict_tells_nobody(pool, verifications, verifier):
    await verifications.handle([command()])
    (first,) = await verifier.claim(1)
    await pool.execute("UPDATE jobs SET lease_until = $1", datetime.now(UTC) - timedelta(seconds=1))
    assert await take_back_lost(pool) == 1
    (second,) = await verifier.claim(1)
    await verifier.verify(second)
    await verifier.verify(first)
    await only_event(pool, "msign.verification.completed.v1")


async def test_personal_numbers_and_signatures_are_not_logged(pool, verifications, verify_all, msign):
    with structlog.testing.capture_logs() as logs:
        await verifications.handle([command()])
        msign.answers = [Transient("the connection broke")]
        await verify_all()
        await pool.execute("UPDATE jobs SET due_at = now()")
        await verify_all()
    assert {entry["event"] for entry in logs} >= {"verification_postponed", "verification_completed"}
    assert IDNP not in str(logs)
    assert "Signature" not in str(logs)
