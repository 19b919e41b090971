from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import pytest
from aiohttp import web
from asn1crypto import cms, core, tsp

from shared.signatures.timestamps import HttpTimestamper, TimestampFailed
from shared.signatures.tokens import judge_token
from shared.signatures.trust import TrustAnchors
from tests.pki import TestPki, timestamp_token

DIGEST = hashlib.sha256(b"value").digest()


@asynccontextmanager
async def authority(answer: Callable[[tsp.TimeStampReq], bytes | web.Response]) -> AsyncIterator[HttpTimestamper]:
    """An RFC 3161 authority over HTTP; `answer(request)` gives the DER response, or a web.Response."""

    async def handle(request: web.Request) -> web.Response:
        assert request.content_type == "application/timestamp-query"
        given = answer(tsp.TimeStampReq.load(await request.read()))
        return given if isinstance(given, web.Response) else web.Response(body=given)

    app = web.Application()
    app.router.add_post("/tsa", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with aiohttp.ClientSession() as session:
            yield HttpTimestamper(f"http://127.0.0.1:{port}/tsa", session, timeout_s=60)
    finally:
        await runner.cleanup()


def granted(pki: TestPki, request: tsp.TimeStampReq, *, digest: bytes | None = None, nonce: int | None = None) -> bytes:
    imprint = request["message_imprint"]
    stamped = timestamp_token(
        pki.timestamper,
        digest or imprint["hashed_message"].native,
        imprint["hash_algorithm"]["algorithm"].native,
        nonce=request["nonce"].native if nonce is None else nonce,
    )
    return bytes(
        tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": cms.ContentInfo.load(stamped)}).dump()
    )


async def test_a_token_comes_over_http_and_proves_the_time(pki, anchors):
    async with authority(lambda request: granted(pki, request)) as timestamper:
        token = await timestamper.stamp(DIGEST)
    verdict = judge_token(token, b"value", anchors)
    assert verdict.status == "passed"
    assert verdict.at is not None
    assert abs((datetime.now(UTC) - verdict.at).total_seconds()) < 3600


async def test_a_token_over_another_digest_is_not_taken(pki):
    async with authority(lambda request: granted(pki, request, digest=bytes(32))) as timestamper:
        with pytest.raises(TimestampFailed, match="not over the digest"):
            await timestamper.stamp(DIGEST)


async def test_an_answer_to_another_question_is_not_taken(pki):
    async with authority(lambda request: granted(pki, request, nonce=1)) as timestamper:
        with pytest.raises(TimestampFailed, match="not over the digest"):
            await timestamper.stamp(DIGEST)


async def test_a_refusal_is_told():
    refusal = core.SequenceOf([tsp.PKIStatusInfo({"status": "rejection"})], spec=tsp.PKIStatusInfo).dump()
    async with authority(lambda _: refusal) as timestamper:
        with pytest.raises(TimestampFailed, match="refused: rejection"):
            await timestamper.stamp(DIGEST)


@pytest.mark.parametrize("body", [b"", b"rubbish", b"0" * 5000])
async def test_an_unreadable_answer_is_told(body):
    async with authority(lambda _: body) as timestamper:
        with pytest.raises(TimestampFailed, match="cannot be read"):
            await timestamper.stamp(DIGEST)


async def test_an_http_error_is_told():
    async with authority(lambda _: web.Response(status=503)) as timestamper:
        with pytest.raises(TimestampFailed, match="HTTP 503"):
            await timestamper.stamp(DIGEST)


async def test_an_endless_answer_is_cut_off():
    async with authority(lambda _: bytes(3 << 20)) as timestamper:
        with pytest.raises(TimestampFailed, match="too large"):
            await timestamper.stamp(DIGEST)


async def test_an_unreachable_authority_is_told():
    async with aiohttp.ClientSession() as session:
        with pytest.raises(TimestampFailed, match="cannot be reached"):
            await HttpTimestamper("http://127.0.0.1:9/tsa", session, timeout_s=60).stamp(DIGEST)


async def test_an_altered_token_fails(pki, anchors):
    token = bytearray(await pki.timestamper.stamp(DIGEST))
    token[-1] ^= 1
    verdict = judge_token(bytes(token), b"value", anchors)
    assert (verdict.status, verdict.at) == ("failed", None)


async def test_a_token_is_judged_without_anchors_too(pki):
    token = await pki.timestamper.stamp(DIGEST)
    assert judge_token(token, b"value", TrustAnchors.none()).status == "passed"
    assert judge_token(token, b"other", TrustAnchors.none()).status == "failed"


async def test_a_time_in_the_future_fails(pki):
    token = await pki.timestamper.telling(datetime(2059, 1, 1, tzinfo=UTC)).stamp(DIGEST)
    verdict = judge_token(token, b"value", TrustAnchors.none())
    assert verdict.reason is not None
    assert verdict.reason.code == "timestamp_future"


async def test_a_time_before_the_authoritys_certificate_fails(pki):
    token = await pki.timestamper.telling(datetime(2001, 1, 1, tzinfo=UTC)).stamp(DIGEST)
    verdict = judge_token(token, b"value", TrustAnchors.none())
    assert verdict.reason is not None
    assert verdict.reason.code == "timestamp_certificate"
