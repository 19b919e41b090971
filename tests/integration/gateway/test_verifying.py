"""From a verification command to MSign's verdicts, with an MSign that answers what the test says."""

import asyncio
import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest
import structlog

from services.sign_gateway.deadlines import take_back_lost
from services.verifier.asking import Asking
from services.verifier.batches import Measure
from services.verifier.handlers import verification_intent
from services.verifier.verifying import GIVE_UP_AFTER, Verifier
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
from shared.persistence import contents, jobs
from shared.signing.admission import Admission
from shared.signing.breaker import Breaker
from tests.gateway import DIGEST, delivery, events_of, eventually, only_job
from tests.pki import IDNP

INLINE_BYTES = 4096
BATCH = 4
SIGNED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
XADES = b"<ds:Signature xmlns:ds='http://www.w3.org/2000/09/xmldsig#'/>"


class VerifyingMSign:
    """Says that every signature is good, or what is put in place of that.

    Signatures of `poison` break any call; a call for less than a whole batch waits for `holds`.
    """

    def __init__(self) -> None:
        self.requests: list[VerificationRequest] = []
        self.answers: list[VerificationResponse | Exception] = []
        self.poison: dict[bytes, Exception] = {}
        self.holds: asyncio.Event | None = None

    async def verify_signatures(self, request: VerificationRequest) -> VerificationResponse:
        self.requests.append(request)
        if self.holds and len(request.contents) < BATCH:
            await self.holds.wait()
        for content in request.contents:
            if content.signature in self.poison:
                raise self.poison[content.signature]
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


# Batches


def sizes_of(msign):
    return sorted(len(request.contents) for request in msign.requests)


async def test_many_signatures_are_asked_about_in_batches_by_count(pool, verifications, verify_all, msign):
    await verifications.handle([command(*[item(correlation_id=str(index)) for index in range(10)])])
    await verify_all()
    assert sizes_of(msign) == [2, 4, 4]
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["correlation_id"] for result in data["results"]] == [str(index) for index in range(10)]


async def test_batches_are_split_by_bytes_and_a_large_signature_goes_alone(pool, verifications, verify_all, msign):
    bodies = [b"a" * 400, b"b" * 400, b"c" * 400, b"d" * 1200, b"e" * 10]
    await verifications.handle([command(*[item(body) for body in bodies])])
    await verify_all()
    asked = [[content.signature for content in request.contents] for request in msign.requests]
    assert sorted(asked) == [bodies[:2], bodies[2:3], bodies[3:4], bodies[4:]]


async def test_a_signature_that_msign_refuses_fails_alone(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = InvalidParameter("Contents[1].Signature: no XML")
    bodies = [b"1", b"bad", b"3", b"4", b"5", b"6"]
    await verifications.handle([command(*[item(body) for body in bodies])])
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True, False, True, True, True, True]
    assert "Contents[1].Signature: no XML" in data["results"][1]["message"]
    assert (await only_job(pool))["failures"] == 0


async def test_a_job_that_msign_refuses_wholly_is_rejected_with_every_place(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = InvalidParameter("Contents[0].Signature: no XML")
    await verifications.handle([command(item(b"bad"), item(b"bad"))])
    await verify_all()
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [error["field"] for error in data["errors"]] == ["/data/contents/0", "/data/contents/1"]


async def test_a_signature_that_msign_fails_over_ends_up_alone_and_is_given_up(pool, verifications, verify_all, msign):
    msign.poison[b"bad"] = Transient("the connection broke")
    await verifications.handle([command(*[item(body) for body in (b"1", b"bad", b"3", b"4", b"5")])])
    for _ in range(GIVE_UP_AFTER):
        await verify_all()
        assert await events_of(pool) == []
        await pool.execute("UPDATE jobs SET due_at = now()")
    await verify_all()
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True, False, True, True, True]
    asked = [content.signature for request in msign.requests for content in request.contents]
    assert asked.count(b"5") == 1
    assert msign.requests[-1].contents[0].signature == b"bad"
    assert await pool.fetchval("SELECT count(*) FROM verdicts") == 0


async def test_nothing_is_given_up_while_msign_judges_nothing_until_the_deadline(
    pool, verifications, verify_all, msign
):
    msign.poison = dict.fromkeys((b"1", b"2"), Transient("the connection broke"))
    await verifications.handle([command(item(b"1"), item(b"2"))])
    await pool.execute("UPDATE jobs SET failures = 100")
    await verify_all()
    assert (await only_job(pool))["state"] == "received"
    await pool.execute("UPDATE jobs SET due_at = now(), expires_at = now()")
    await verify_all()
    data = await only_event(pool, "msign.verification.rejected.v1")
    assert [error["code"] for error in data["errors"]] == ["not_answered"]


async def test_what_was_judged_before_a_crash_is_not_asked_again(pool, verifications, verifier, msign):
    await verifications.handle([command(*[item(str(index).encode()) for index in range(6)])])
    (lost,) = await verifier.claim(1)
    msign.holds = asyncio.Event()
    working = asyncio.create_task(verifier.verify(lost))
    await eventually(lambda: pool.fetchval("SELECT count(*) = 4 FROM verdicts"))
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    msign.holds.set()
    await pool.execute("UPDATE jobs SET lease_until = $1", datetime.now(UTC) - timedelta(seconds=1))
    await take_back_lost(pool)
    before = len(msign.requests)
    for job in await verifier.claim(1):
        await verifier.verify(job)
    (request,) = msign.requests[before:]
    assert [content.signature for content in request.contents] == [b"4", b"5"]
    data = await only_event(pool, "msign.verification.completed.v1")
    assert [result["valid"] for result in data["results"]] == [True] * 6


async def test_once_msign_is_down_the_rest_of_a_job_is_not_asked(pool, verifications, verify_all, msign, breaker):
    msign.poison = {str(index).encode(): ProviderDown("no route") for index in range(20)}
    await verifications.handle([command(*[item(str(index).encode()) for index in range(20)])])
    await verify_all()
    assert len(msign.requests) <= 2
    assert breaker.open
    msign.poison.clear()
    await verify_all()
    assert not breaker.open
    await only_event(pool, "msign.verification.completed.v1")


async def test_a_claim_is_kept_alive_while_msign_takes_its_time(pool, verifications, verifier):
    await verifications.handle([command()])
    (job,) = await verifier.claim(1)
    before = (await only_job(pool))["lease_until"]
    assert await jobs.extend(pool, job, lease=timedelta(hours=1))
    assert (await only_job(pool))["lease_until"] > before + timedelta(minutes=30)
    await verifier.verify(job)
    assert not await jobs.extend(pool, job, lease=timedelta(hours=1))


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
