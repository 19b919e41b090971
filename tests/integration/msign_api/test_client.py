"""Our client against our API: every operation and every fault, over mutual TLS."""

import asyncio
import dataclasses
import hashlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from msign_gateway.infrastructure.ports import free_ports
from services.msign.consumers import serial_of
from services.msign.requests import PIECE_BYTES
from services.msign.retention import purge
from shared.contract.client import MSignClient
from shared.contract.envelope import Envelope
from shared.contract.faults import AuthenticationFailed, AuthorizationFailed, InvalidParameter, RequestNotFound
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    SignResponse,
    SignResult,
    SignStatus,
    VerificationContent,
    VerificationRequest,
)
from shared.contract.transport import AmbiguousCall, NotDone, SoapTransport, Unavailable
from shared.errors import Malformed, ProviderDown, Transient
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.provider import posted

DIGEST = hashlib.sha256(b"document").digest()
REQUEST = SignRequest(
    content_type=ContentType.HASH,
    short_content_description="Declarație",
    contents=(SignContent(content=DIGEST, correlation_id="ă"), SignContent(content=b"2" * 20, name="n")),
    content_description="Описание",
    expected_signer=ExpectedSigner(
        id="2000000000007", delegator_type=DelegatorType.ORGANIZATION, delegator_id="1", delegated_role_id=3
    ),
)
RESULTS = (SignResult(correlation_id="ă", certificate=b"der", signature=b"<ds/>"), SignResult(signature=b"<x/>"))


async def test_a_posted_request_is_stored_as_it_was_sent(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    stored = await api.requests.summary(request_id)
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    assert await posted(api.requests, request_id) == REQUEST
    assert (stored.status, stored.reason) == (SignStatus.PENDING, None)
    assert (stored.consumer, stored.return_origins) == ("declaratii", ("https://declaratii.example",))


async def test_a_pdf_of_a_megabyte_gets_there_whole(api):
    pdf = pdf_file("x" * 1024 * 1024)
    request = dataclasses.replace(
        REQUEST, content_type=ContentType.PDF, contents=(SignContent(content=pdf),), signature_reason="Aprob"
    )
    async with api.connect() as client:
        request_id = await client.post_sign_request(request)
    assert await posted(api.requests, request_id) == request


async def test_what_pages_show_is_known_without_the_documents(api):
    pdf = pdf_file()
    contents = (SignContent(content=pdf, name="act.pdf", correlation_id="1"), SignContent(content=pdf_file("two")))
    consumer = await api.consumers.find(api.tls.first.certificate)
    later = datetime.now(UTC) + timedelta(hours=1)
    pdfs = await api.requests.create(
        consumer.id, dataclasses.replace(REQUEST, content_type=ContentType.PDF, contents=contents), later
    )
    hashes = await api.requests.create(consumer.id, REQUEST, later)
    first, second = (await api.requests.summary(pdfs)).documents
    assert (first.name, first.correlation_id, first.size) == ("act.pdf", "1", len(pdf))
    assert (first.digest, first.algorithm) == (hashlib.sha256(pdf).digest(), "SHA-256")
    assert (second.name, second.digest) == (None, hashlib.sha256(contents[1].content).digest())
    told = [(one.size, one.digest, one.algorithm) for one in (await api.requests.summary(hashes)).documents]
    assert told == [(32, DIGEST, "SHA-256"), (20, b"2" * 20, "SHA-1")]


@pytest.mark.parametrize("size", [PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 2 * PIECE_BYTES])
async def test_a_document_of_several_pieces_is_whole(api, size):
    consumer = await api.consumers.find(api.tls.first.certificate)
    content = bytes(range(256)) * (size // 256) + b"." * (size % 256)
    request = dataclasses.replace(REQUEST, content_type=ContentType.PDF, contents=(SignContent(content=content),))
    request_id = await api.requests.create(consumer.id, request, datetime.now(UTC) + timedelta(hours=1))
    assert await api.requests.content(request_id, 0) == content


async def test_a_document_is_had_by_its_place_and_only_there(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    assert await api.requests.content(request_id, 1) == b"2" * 20
    assert await api.requests.content(request_id, 2) is None
    assert await api.requests.content("0" * 32, 0) is None


async def test_who_signed_what_is_known_without_the_signatures(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    await api.requests.add_result(request_id, 1, RESULTS[0])
    assert await api.requests.signers(request_id) == {1: b"der"}


async def test_a_pdf_that_cannot_be_signed_is_refused_with_its_place_and_the_reason(api):
    contents = (SignContent(content=pdf_file()), SignContent(content=b"%PDF-1.7\n" + bytes(2000)))
    request = dataclasses.replace(REQUEST, content_type=ContentType.PDF, contents=contents)
    async with api.connect() as client:
        with pytest.raises(InvalidParameter, match=r"Contents\[1\]\.Content: the PDF file is broken"):
            await client.post_sign_request(request)


async def test_a_response_goes_from_pending_to_success(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
        assert await client.get_sign_response(request_id) == SignResponse(status=SignStatus.PENDING)
        for position, result in enumerate(RESULTS):
            assert await api.requests.add_result(request_id, position, result)
        assert await client.get_sign_response(request_id) == SignResponse(status=SignStatus.PENDING)
        assert await api.requests.finish(request_id, SignStatus.SUCCESS)
        assert await client.get_sign_response(request_id) == SignResponse(status=SignStatus.SUCCESS, results=RESULTS)


@pytest.mark.parametrize(
    ("language", "message"),
    [
        ("ro", "Utilizatorul a renunțat la semnare"),
        ("ru", "Пользователь отказался"),
        ("en", "The user declined to sign"),
    ],
)
async def test_a_failure_says_why_in_the_callers_language(api, language, message):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
        await api.requests.add_result(request_id, 0, RESULTS[0])
        await api.requests.finish(request_id, SignStatus.FAILURE, reason="declined")
        assert not await api.requests.add_result(request_id, 1, RESULTS[1])
        response = await client.get_sign_response(request_id, language)
    assert response == SignResponse(status=SignStatus.FAILURE, message=message, results=RESULTS[:1])


async def test_an_overdue_request_is_expired_and_cannot_be_finished(api):
    consumer = await api.consumers.find(api.tls.first.certificate)
    request_id = await api.requests.create(consumer.id, REQUEST, datetime.now(UTC) - timedelta(seconds=1))
    assert not await api.requests.finish(request_id, SignStatus.SUCCESS)
    assert (await api.requests.summary(request_id)).status is SignStatus.EXPIRED
    async with api.connect() as client:
        response = await client.get_sign_response(request_id, "en")
    assert response == SignResponse(status=SignStatus.EXPIRED, message="The time to sign has passed")


async def test_what_ended_long_ago_is_removed_and_nothing_else(api):
    consumer = await api.consumers.find(api.tls.first.certificate)
    now = datetime.now(UTC)
    expired = await api.requests.create(consumer.id, REQUEST, now - timedelta(days=8))
    pending = await api.requests.create(consumer.id, REQUEST, now + timedelta(days=1))
    finished = await api.requests.create(consumer.id, REQUEST, now + timedelta(days=1))
    await api.requests.add_result(finished, 0, RESULTS[0])
    await api.requests.finish(finished, SignStatus.FAILURE, reason="declined")
    assert await purge(api.requests, now - timedelta(days=7)) == 1
    assert await api.requests.summary(expired) is None
    assert await purge(api.requests, now + timedelta(hours=1)) == 1
    assert await api.requests.summary(finished) is None
    assert await api.requests.summary(pending)
    async with api.connect() as client:
        with pytest.raises(RequestNotFound):
            await client.get_sign_response(expired)


async def test_a_purge_without_a_database_is_tried_again_later(api):
    class Away:
        async def purge(self, ended_before, *, limit):
            raise ConnectionRefusedError

    away: Any = Away()
    assert await purge(away, datetime.now(UTC)) == 0


async def test_of_many_outcomes_the_first_counts(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    told = await asyncio.gather(*(api.requests.finish(request_id, SignStatus.SUCCESS) for _ in range(8)))
    assert sorted(told) == [False] * 7 + [True]


async def test_an_unknown_request_is_not_found(api):
    async with api.connect() as client:
        with pytest.raises(RequestNotFound):
            await client.get_sign_response("0" * 32)


async def test_a_request_of_another_system_is_not_ours_to_see(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    async with api.connect(api.tls.second) as client:
        with pytest.raises(AuthorizationFailed, match="posted by another system"):
            await client.get_sign_response(request_id)


async def test_a_broken_rule_is_named_by_its_place(api):
    bad = dataclasses.replace(REQUEST, contents=(SignContent(content=b"1" * 19),))
    async with api.connect() as client:
        with pytest.raises(InvalidParameter, match=r"^Contents\[0\]\.Content: a hash has 20, 28, 32, 48, 64 bytes"):
            await client.post_sign_request(bad)
        with pytest.raises(InvalidParameter, match=r"^language: must be one of"):
            await client.get_sign_response("0" * 32, "fr")


async def test_an_unregistered_system_is_told_its_serial_number(api):
    async with api.connect(api.tls.unregistered) as client:
        with pytest.raises(AuthenticationFailed) as fault:
            await client.get_sign_response("0" * 32)
    assert fault.value.text == f"Unknown service consumer: {serial_of(api.tls.unregistered.certificate)}"


async def test_a_revoked_certificate_is_let_in_no_more(api):
    assert (await api.consumers.revoke(serial_of(api.tls.first.certificate))).name == "declaratii"
    async with api.connect() as client:
        with pytest.raises(AuthenticationFailed, match="Unknown service consumer"):
            await client.get_sign_response("0" * 32)


async def test_a_second_certificate_of_a_system_sees_the_same_requests(api):
    async with api.connect() as client:
        request_id = await client.post_sign_request(REQUEST)
    await api.consumers.add("declaratii", api.tls.unregistered.certificate)
    async with api.connect(api.tls.unregistered) as client:
        assert (await client.get_sign_response(request_id)).status is SignStatus.PENDING


async def test_a_certificate_belongs_to_one_system_only(api):
    with pytest.raises(Malformed, match="belongs to another system"):
        await api.consumers.add("registru", api.tls.first.certificate)


async def test_a_certificate_of_a_foreign_authority_is_refused_by_tls(api):
    async with api.connect(api.tls.foreign) as client:
        with pytest.raises((ProviderDown, AmbiguousCall)):
            await client.get_sign_response("0" * 32)


async def test_a_good_signature_is_valid_and_an_altered_hash_is_not(api, signers):
    signature = await sign_hash(DIGEST, signers.signer, signers.timestamper, signed_at=datetime.now(UTC))
    contents = (
        VerificationContent(signature=signature, content=DIGEST, correlation_id="good"),
        VerificationContent(signature=signature, content=hashlib.sha256(b"x").digest(), correlation_id="altered"),
        VerificationContent(signature=b"nonsense", content=DIGEST, correlation_id="nonsense"),
    )
    request = VerificationRequest(signed_content_type=ContentType.HASH, contents=contents, language="en")
    async with api.connect() as client:
        good, altered, nonsense = (await client.verify_signatures(request)).results
    assert (good.correlation_id, good.signatures_valid, good.message) == ("good", True, "The signature is valid")
    (certificate,) = good.certificates
    assert certificate.signature_valid
    assert certificate.subject == "C=MD, SERIALNUMBER=2000000000007, CN=Ana Exemplu"
    assert certificate.signed_at is not None
    assert (altered.correlation_id, altered.signatures_valid) == ("altered", False)
    assert (nonsense.correlation_id, nonsense.signatures_valid, nonsense.certificates) == ("nonsense", False, ())


async def test_nobody_listening_is_a_provider_that_is_down(tls):
    url = f"https://127.0.0.1:{free_ports(1)[0]}/MSign.svc"
    async with SoapTransport.open(url, context=None, timeout_s=60, connect_s=60, max_answer_bytes=1) as transport:
        with pytest.raises(ProviderDown):
            await transport.post(Envelope((b"",)), {})


@asynccontextmanager
async def answering(answer: bytes | None) -> AsyncIterator[str]:
    """The URL of a plain server that gives `answer` and hangs up for an empty one; None: it never says anything."""
    handlers: list[Any] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(asyncio.current_task())
        await reader.read(1)
        writer.write(answer or b"")
        if answer != b"":
            await reader.read()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/MSign.svc"
        await asyncio.gather(*handlers, return_exceptions=True)


def http(status: int, body: str, kind: str = "text/xml") -> bytes:
    return f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (b"", AmbiguousCall),
        (None, AmbiguousCall),
        (http(504, "", "text/html"), AmbiguousCall),
        (http(500, "", "text/html"), AmbiguousCall),
        (http(503, "", "text/html"), Unavailable),
        (http(403, "", "text/html"), ProviderDown),
        (http(413, "", "text/html"), Malformed),
        (http(429, "", "text/html"), NotDone),
        (http(200, "<a"), Transient),
        (http(200, "<a/>"), Transient),
        (http(200, '<!DOCTYPE a><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"/>'), Transient),
        (http(200, '<s:E xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:E>'), Transient),
        (http(200, "x" * 2_000), Transient),
    ],
)
async def test_a_failed_call_says_whether_msign_may_have_acted_on_it(answer, kind):
    timeout_s = 1 if answer is None else 60
    async with (
        answering(answer) as url,
        MSignClient.connect(url=url, timeout_s=timeout_s, max_answer_bytes=1_000) as client,
    ):
        with pytest.raises(kind) as raised:
            await client.post_sign_request(REQUEST)
    assert type(raised.value) is kind
