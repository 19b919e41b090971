"""From MSign's SignResponse to the one final event."""

import asyncio
import base64
import hashlib
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from services.sign_gateway.posting import Poster
from shared.contract.faults import AuthorizationFailed, RequestNotFound, UnknownFault
from shared.contract.models import SignResponse, SignResult, SignStatus, SpooledResult
from shared.errors import ProviderDown, Transient
from shared.persistence import contents, jobs
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.xades.sign import sign_hash
from shared.signing import collect
from shared.signing.breaker import Breaker
from shared.signing.collect import Collector, Policy
from shared.spool import PIECE_BYTES, Spool
from tests.documents import pdf_file
from tests.gateway import DIGEST, delivery, events_of, only_job, sign_data
from tests.pki import IDNP, TestPki


@pytest.fixture
def collector(pool, msign):
    return Collector(pool, msign, Breaker(), source="callback_web", policy=Policy(timedelta(minutes=15)))


@pytest.fixture
async def awaiting(pool, admission, msign, links):
    """Posts one command and gives the id of the job that awaits its signer."""

    async def post(**changes):
        await admission.handle([delivery(sign_data(**changes))])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(1):
            await poster.post(job)
        return (await only_job(pool))["job_id"]

    return post


async def signed(content: bytes) -> SignResponse:
    pki = TestPki.make()
    signature = await sign_hash(content, pki.signer, pki.timestamper, signed_at=datetime.now(UTC))
    return SignResponse(status=SignStatus.SUCCESS, results=(SignResult(correlation_id="1", signature=signature),))


@pytest.fixture
async def signed_file(post_file):
    """Posts a job over a PDF file of several pieces that was stored; gives its id and the file, signed."""
    return await post_file("x" * 2 * PIECE_BYTES, inline=False)


@pytest.fixture
async def post_file(pool, admission, msign, links):
    """Posts a job over a PDF file of one page; gives its id and the file, signed."""

    async def post(page: str, *, inline: bool) -> tuple[uuid.UUID, bytes]:
        pki, sent = TestPki.make(), pdf_file(page)
        file = await sign_pdf(sent, pki.signer, pki.timestamper, reason=None, signed_at=datetime.now(UTC))
        asked = {"content": base64.b64encode(sent).decode()}
        if not inline:
            async with pool.acquire() as connection:
                spool = Spool()
                await spool.write(sent)
                await spool.end()
                await contents.put_spool(connection, "declaratii", spool)
            asked = {"content_ref": contents.ref_of(sent)}
        await admission.handle([delivery(sign_data(content_type="Pdf", contents=[asked | {"correlation_id": "1"}]))])
        poster = Poster(pool, msign, Breaker(), links)
        for job in await poster.claim(1):
            await poster.post(job)
        return (await only_job(pool))["job_id"], file

    return post


def spooled(file: bytes) -> SignResponse:
    spool = Spool()
    spool.append(file)
    spool.put_away()
    spool.end_here()
    return SignResponse(status=SignStatus.SUCCESS, results=(SpooledResult(correlation_id="1", spool=spool),))


async def test_a_large_signature_is_committed_by_itself(pool, msign, collector, post_file, monkeypatch):
    asked: list[Any] = []

    async def move_together(end):
        asked.append(end)

    monkeypatch.setattr(collector._ending, "_move", move_together)
    job_id, file = await post_file("x" * 2 * PIECE_BYTES, inline=True)
    msign.response = spooled(file)
    assert await collector.collect(job_id)
    assert (await only_job(pool))["state"] == "completed"
    assert asked == []


async def test_a_signed_file_that_is_too_large_for_a_message_is_stored_and_referred_to(pool, msign, signed_file):
    job_id, file = signed_file
    policy = Policy(timedelta(minutes=15), inline_bytes=PIECE_BYTES)
    msign.response = spooled(file)
    await Collector(pool, msign, Breaker(), source="callback_web", policy=policy).collect(job_id)
    data = await final_event(pool)
    (result,) = data["results"]
    assert (data["status"], result["sha256"]) == ("Success", hashlib.sha256(file).hexdigest())
    assert result.get("signature") is None
    assert await contents.get(pool, "declaratii", result["signature_ref"]) == file


async def test_a_signed_file_is_referred_to_if_what_was_sent_came_by_reference(pool, collector, msign, signed_file):
    job_id, file = signed_file
    msign.response = spooled(file)
    await collector.collect(job_id)
    (result,) = (await final_event(pool))["results"]
    assert (result["signature"], result["checked"]["covers_content"]) == (None, True)
    assert result["sha256"] == hashlib.sha256(file).hexdigest() == result["signature_ref"].removeprefix("sha256:")
    assert await contents.get(pool, "declaratii", result["signature_ref"]) == file


async def test_of_a_signed_file_only_what_was_added_is_stored(pool, collector, msign, signed_file):
    job_id, file = signed_file
    msign.response = spooled(file)
    before = await stored_bytes(pool)
    await collector.collect(job_id)
    assert await stored_bytes(pool) - before < 100_000 < 2 * PIECE_BYTES < len(file)


async def stored_bytes(pool: asyncpg.Pool) -> int:
    """All that stands in the tables of contents."""
    return await pool.fetchval(
        "SELECT (SELECT coalesce(sum(length(contents::text)), 0) FROM contents) / 2"
        " + (SELECT coalesce(sum(length(content_pages::text)), 0) FROM content_pages) / 2"
    )


async def test_a_small_signed_file_is_told_inline_however_it_came(pool, collector, msign, post_file):
    job_id, file = await post_file("one", inline=False)
    msign.response = SignResponse(status=SignStatus.SUCCESS, results=(SignResult(correlation_id="1", signature=file),))
    await collector.collect(job_id)
    (result,) = (await final_event(pool))["results"]
    assert base64.b64decode(result["signature"]) == file
    assert result["signature_ref"] is None


async def test_a_signed_file_that_came_in_a_spool_is_told_inline_if_it_was_sent_so(pool, collector, msign, post_file):
    job_id, file = await post_file("x" * 2 * PIECE_BYTES, inline=True)
    msign.response = spooled(file)
    await collector.collect(job_id)
    (result,) = (await final_event(pool))["results"]
    assert base64.b64decode(result["signature"]) == file
    assert result["checked"]["covers_content"]


async def test_a_signed_file_that_does_not_begin_with_the_one_that_was_sent_is_a_failure(
    pool, collector, msign, signed_file
):
    job_id, file = signed_file
    msign.response = spooled(file.replace(b"xx", b"xy", 1))
    await collector.collect(job_id)
    data = await final_event(pool)
    assert (data["status"], data["reason_code"]) == ("Failure", "content_mismatch")


async def final_event(pool: asyncpg.Pool) -> dict[str, Any]:
    accepted, ready = await events_of(pool)
    assert ready["type"] == "msign.sign_response.ready.v1"
    assert ready["sequence"] == accepted["sequence"] + 1
    return ready["data"]


async def test_a_good_signature_completes_the_job(pool, awaiting, collector, msign):
    job_id = await awaiting(expected_signer={"id": IDNP})
    msign.response = await signed(DIGEST)
    await collector.collect(job_id)
    data = await final_event(pool)
    (result,) = data["results"]
    assert (data["status"], data["reason_code"], data["relay_state"]) == ("Success", None, "basket 7")
    assert result["checked"] == {"covers_content": True, "expected_signer": True}
    assert result["signer"]["id"] == IDNP
    assert result["sha256"] == hashlib.sha256(msign.response.results[0].signature).hexdigest()
    assert (await only_job(pool))["state"] == "completed"


@pytest.mark.parametrize("lost", [False, True])
async def test_a_signature_that_is_too_large_for_a_message_is_stored_with_the_end_of_its_job_or_not_at_all(
    pool, awaiting, msign, lost
):
    collector = Collector(pool, msign, Breaker(), source="callback_web", policy=Policy(inline_bytes=1024))
    job_id = await awaiting()
    msign.response = await signed(DIGEST)
    claimed = await jobs.claim_collection(pool, job_id, owner=job_id, lease=timedelta(minutes=1))
    assert claimed
    if lost:
        await pool.execute("ALTER TABLE events ADD CHECK (sequence < 2)")
        with pytest.raises(asyncpg.CheckViolationError):
            await collector.collect_claimed(claimed)
        assert await pool.fetchval("SELECT count(*) FROM job_results") == 0
        return
    await collector.collect_claimed(claimed)
    (result,) = (await final_event(pool))["results"]
    assert (result["signature"], result["signature_ref"]) == (None, f"sha256:{result['sha256']}")
    held = await pool.fetchval("SELECT body FROM contents WHERE ref = $1", result["signature_ref"])
    assert held == msign.response.results[0].signature


async def test_a_signature_over_something_else_is_a_failure(pool, awaiting, collector, msign):
    job_id = await awaiting()
    msign.response = await signed(hashlib.sha256(b"another declaration").digest())
    await collector.collect(job_id)
    data = await final_event(pool)
    assert (data["status"], data["reason_code"]) == ("Failure", "content_mismatch")


async def test_a_signature_by_somebody_else_is_a_failure(pool, awaiting, collector, msign):
    job_id = await awaiting(expected_signer={"id": "2999999999999"})
    msign.response = await signed(DIGEST)
    await collector.collect(job_id)
    data = await final_event(pool)
    assert (data["status"], data["reason_code"]) == ("Failure", "signer_mismatch")


async def test_success_without_a_signature_is_a_failure(pool, awaiting, collector, msign):
    job_id = await awaiting()
    msign.response = SignResponse(status=SignStatus.SUCCESS)
    await collector.collect(job_id)
    assert (await final_event(pool))["reason_code"] == "content_mismatch"


@pytest.mark.parametrize(
    ("response", "status", "reason"),
    [
        (SignResponse(status=SignStatus.FAILURE, message="Semnarea a fost anulată"), "Failure", "declined"),
        (SignResponse(status=SignStatus.FAILURE, message="Eroare internă"), "Failure", "provider_failure"),
        (SignResponse(status=SignStatus.EXPIRED, message="A expirat"), "Expired", "expired"),
        (RequestNotFound("gone"), "Expired", "not_found"),
    ],
)
async def test_every_final_answer_has_its_status_and_reason(pool, awaiting, collector, msign, response, status, reason):
    job_id = await awaiting()
    msign.response = response
    await collector.collect(job_id)
    data = await final_event(pool)
    assert (data["status"], data["reason_code"]) == (status, reason)


@pytest.mark.parametrize("response", [SignResponse(status=SignStatus.PENDING), Transient("reset")])
async def test_what_is_not_final_leads_to_a_later_poll(pool, awaiting, collector, msign, response):
    job_id = await awaiting()
    msign.response = response
    await collector.collect(job_id)
    job = await only_job(pool)
    assert job["state"] == "awaiting_signer"
    assert job["due_at"] > datetime.now(UTC)
    assert job["lease_until"] is None


async def test_many_at_once_ask_msign_once_and_tell_once(pool, awaiting, collector, msign):
    job_id = await awaiting()
    msign.response = await signed(DIGEST)
    await asyncio.gather(*(collector.collect(job_id) for _ in range(8)))
    await collector.collect(job_id)
    assert msign.asked == 1
    await final_event(pool)


async def test_pending_after_the_deadline_and_the_grace_is_expired(pool, awaiting, collector):
    job_id = await awaiting()
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '14 minutes'")
    await collector.collect(job_id)
    assert (await only_job(pool))["state"] == "awaiting_signer"
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '16 minutes', collected_at = NULL")
    await collector.collect(job_id)
    assert (await final_event(pool))["status"] == "Expired"


async def test_the_poller_claims_what_is_due_and_nothing_else(pool, awaiting, collector):
    await awaiting()
    assert await collector.claim_due(10) == []
    await pool.execute("UPDATE jobs SET due_at = now()")
    (job,) = await collector.claim_due(10)
    assert await collector.claim_due(10) == []
    await collector.collect_claimed(job)


@pytest.mark.parametrize("error", [ProviderDown("no route"), Transient("reset"), UnknownFault("MSign's own error")])
async def test_a_job_does_not_expire_while_msign_does_not_answer(pool, awaiting, collector, msign, error):
    job_id = await awaiting()
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '1 hour'")
    msign.response = error
    await collector.collect(job_id)
    assert (await only_job(pool))["state"] == "awaiting_signer"
    await pool.execute("UPDATE jobs SET collected_at = NULL")
    msign.response = await signed(DIGEST)
    await collector.collect(job_id)
    assert (await final_event(pool))["status"] == "Success"


async def test_a_request_that_msign_denies_us_expires_after_the_grace(pool, awaiting, collector, msign):
    job_id = await awaiting()
    await pool.execute("UPDATE jobs SET expires_at = now() - interval '1 hour'")
    msign.response = AuthorizationFailed("posted by another system")
    await collector.collect(job_id)
    assert (await final_event(pool))["status"] == "Expired"


async def test_after_a_bug_the_right_to_collect_is_given_back(pool, awaiting, collector, msign):
    job_id = await awaiting()
    msign.response = RuntimeError("of ours")
    await collector.collect(job_id)
    job = await only_job(pool)
    assert (job["state"], job["lease_until"]) == ("awaiting_signer", None)
    assert job["due_at"] > datetime.now(UTC)


async def test_what_is_looked_up_while_msign_answers_is_broken_off_when_it_does_not(
    pool, awaiting, collector, msign, monkeypatch
):
    job_id = await awaiting()
    broken_off = asyncio.Event()

    async def for_ever(*_):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            broken_off.set()
            raise

    async def get_sign_response(*_):
        await asyncio.sleep(0)
        raise Transient("away")

    monkeypatch.setattr(collect, "sent_contents", for_ever)
    monkeypatch.setattr(msign, "get_sign_response", get_sign_response, raising=False)
    found = await collector.collect(job_id, (await only_job(pool))["request_id"])
    assert found.outcome is None
    assert broken_off.is_set()
