"""From a verification command to MSign's verdicts, with an MSign that answers what the test says."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import structlog

from services.sign_gateway.deadlines import take_back_lost
from services.verifier.handlers import verification_intent
from services.verifier.verifying import Verifier
from shared.contract.faults import AuthenticationFailed, InvalidParameter
from shared.contract.models import (
    ContentType,
    VerificationCertificate,
    VerificationRequest,
    VerificationResponse,
    VerificationResult,
)
from shared.errors import ProviderDown, Transient
from shared.messaging.intake import Delivery, Done
from shared.persistence import contents
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from tests.gateway import DIGEST, delivery, events_of, only_job
from tests.pki import IDNP

INLINE_BYTES = 4096
SIGNED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
XADES = b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"


class VerifyingMSign:
    """Says that every signature is good, or what is put in place of that."""

    def __init__(self) -> None:
        self.requests: list[VerificationRequest] = []
        self.answers: list[VerificationResponse | Exception] = []

    async def verify_signatures(self, request: VerificationRequest) -> VerificationResponse:
        self.requests.append(request)
        if not self.answers:
            return VerificationResponse(results=tuple(good(item.correlation_id) for item in request.contents))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def good(correlation_id, **changes):
    certificate = VerificationCertificate(
        certificate=b"DER",
        signature_valid=True,
        subject=f"SERIALNUMBER={IDNP}, CN=Ion Creangă",
        signed_at=SIGNED_AT,
    )
    values: dict[str, Any] = {
        "message": "Semnătura este validă",
        "signatures_valid": True,
        "certificates": (certificate,),
    }
    return VerificationResult(correlation_id=correlation_id, **values | changes)


def item(signature=XADES, content=DIGEST, **changes):
    signature = {} if signature is None else {"signature": base64.b64encode(signature).decode()}
    content = {} if content is None else {"content": base64.b64encode(content).decode()}
    return signature | content | changes


def command(*items, **changes):
    data = {"content_type": "Hash", "contents": list(items or (item(correlation_id="1"),))} | changes
    sent = delivery(data, id="command-1", type="msign.verification.request.v1")
    return Delivery(sent.body, "verification.request.declaratii", sent.user_id, None)


@pytest.fixture
def msign():
    return VerifyingMSign()


@pytest.fixture
def breaker():
    return Breaker()


@pytest.fixture
def verifications(pool, systems):
    return Admission(pool, systems, verification_intent(INLINE_BYTES))


@pytest.fixture
def verifier(pool, msign, breaker):
    return Verifier(pool, msign, breaker, inline_bytes=INLINE_BYTES)


@pytest.fixture
def verify_all(verifier):
    async def verified():
        for job in await verifier.claim(10):
            await verifier.verify(job)

    return verified


async def only_event(pool, event_type):
    (event,) = await events_of(pool)
    assert event["type"] == event_type
    assert (event["source"], event["sequence"]) == ("/services/verifier", 1)
    assert event["data"]["command_id"] == "command-1"
    return event["data"]


# Admission


async def test_a_good_command_becomes_a_job(pool, verifications):
    assert await verifications.handle([command()]) == [Done("admitted")]
    job = await only_job(pool)
    assert (job["state"], job["kind"]) == ("received", "verification")
    assert await events_of(pool) == []


@pytest.mark.parametrize(
    ("sent", "field", "code"),
    [
        (command(content_type="Xml"), "/data/content_type", "not_allowed"),
        (command(language="fr"), "/data/language", "not_allowed"),
        (command(colour="red"), "/data/colour", "unknown_field"),
        (command(contents=[]), "/data/contents", "too_short"),
        (command(contents="x"), "/data/contents", "wrong_type"),
        (command(item(None)), "/data/contents/0", "one_of"),
        (command(item(signature_ref="sha256:" + "0" * 64)), "/data/contents/0", "one_of"),
        (command(item(signature=b"?") | {"signature": "??"}), "/data/contents/0/signature", "bad_base64"),
        (command(item() | {"content": 7}), "/data/contents/0/content", "wrong_type"),
        (command(item(b"")), "/data/contents/0/signature", "missing"),
        (command(item(content=None)), "/data/contents/0/content", "missing"),
        (command(item(None, signature_ref="sha256:0")), "/data/contents/0/signature_ref", "bad_format"),
        (
            command(item(None, signature_ref="sha256:" + "0" * 64)),
            "/data/contents/0/signature_ref",
            "content_not_found",
        ),
        (command(item(correlation_id="x" * 37)), "/data/contents/0/correlation_id", "too_long"),
        (command(item(correlation_id="a\x00b")), "/data/contents/0/correlation_id", "bad_format"),
        (command(item(correlation_id="a\x01b")), "/data/contents/0/correlation_id", "bad_format"),
        (command(*[item(correlation_id="1")] * 2), "/data/contents/1/correlation_id", "not_unique"),
        (command(item(b"x" * (INLINE_BYTES + 1))), "/data/contents", "too_large"),
        (command(*[item()] * 1001), "/data/contents", "too_many"),
    ],
)
async def test_every_problem_of_a_command_has_its_place_and_code(pool, verifications, sent, field, code):
    assert await verifications.handle([sent]) == [Done("rejected")]
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert (field, code) in {(error["field"], error["code"]) for error in data["errors"]}
    assert (await only_job(pool))["state"] == "rejected"


async def test_a_sign_command_on_this_queue_is_rejected(pool, verifications):
    sent = delivery({}, id="command-1", type="msign.sign.request.v1")
    await verifications.handle([sent])
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [(error["field"], error["code"]) for error in data["errors"]] == [("/type", "not_allowed")]


async def test_another_systems_stored_signature_cannot_be_referred_to(pool, verifications):
    ref = await contents.put(pool, "registru", XADES)
    await verifications.handle([command(item(None, signature_ref=ref))])
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert data["errors"][0]["code"] == "content_not_found"


# Verdicts


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
