"""Do clients of three other stacks, made from our WSDL, get through every operation and every fault?"""

import base64
import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives.serialization import Encoding

from services.msign.consumers import serial_of
from shared.contract.models import ContentType, SignResult, SignStatus
from shared.signatures.pades.sign import sign_pdf
from shared.signatures.xades.sign import sign_hash
from tests.documents import pdf_file
from tests.provider import posted

DIGEST = hashlib.sha256(b"document").digest()
DESCRIPTION = "Declarație: țară, șură – «Заявление» & <b>"
NOBODY = "0" * 32


async def test_a_hash_goes_from_post_over_pending_to_success(foreign, signers):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST, b"2" * 20))["RequestID"]
    stored = await posted(foreign.api.requests, request_id)
    assert (stored.content_type, stored.short_content_description) == (ContentType.HASH, DESCRIPTION)
    assert [(one.content, one.correlation_id) for one in stored.contents] == [(DIGEST, "0"), (b"2" * 20, "1")]
    assert await foreign.call("get", request_id, "ro") == {"Status": "Pending", "Message": None, "Results": []}
    results = [
        SignResult(
            correlation_id=one.correlation_id,
            certificate=signers.signer.certificate.public_bytes(Encoding.DER),
            signature=await sign_hash(one.content, signers.signer, signers.timestamper, signed_at=datetime.now(UTC)),
        )
        for one in stored.contents
    ]
    for position, result in enumerate(results):
        await foreign.api.requests.add_result(request_id, position, result)
    await foreign.api.requests.finish(request_id, SignStatus.SUCCESS)
    told = await foreign.call("get", request_id, "ro")
    assert (told["Status"], told["Message"]) == ("Success", None)
    assert [
        (one["CorrelationID"], base64.b64decode(one["Certificate"]), base64.b64decode(one["Signature"]))
        for one in told["Results"]
    ] == [(one.correlation_id, one.certificate, one.signature) for one in results]


async def test_a_pdf_arrives_byte_for_byte(foreign):
    pdf = pdf_file("Act de primire")
    request_id = (await foreign.call("post", "Pdf", DESCRIPTION, pdf))["RequestID"]
    stored = await posted(foreign.api.requests, request_id)
    assert (stored.content_type, stored.contents[0].content) == (ContentType.PDF, pdf)


async def test_a_failure_comes_with_its_reason_in_the_callers_language(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST))["RequestID"]
    await foreign.api.requests.finish(request_id, SignStatus.FAILURE, reason="declined")
    told = await foreign.call("get", request_id, "ru")
    assert told == {"Status": "Failure", "Message": "Пользователь отказался", "Results": []}


async def test_a_signed_hash_is_valid_for_its_own_hash_only(foreign, signers):
    signature = await sign_hash(DIGEST, signers.signer, signers.timestamper, signed_at=datetime.now(UTC))
    good = await foreign.call("verify", "Hash", signature, DIGEST)
    assert good["SignaturesValid"] is True
    assert len(good["Subjects"]) == 1
    assert (await foreign.call("verify", "Hash", signature, bytes(32)))["SignaturesValid"] is False


async def test_a_signed_pdf_is_valid_until_it_is_altered(foreign, signers):
    signed = await sign_pdf(
        pdf_file(), signers.signer, signers.timestamper, reason="Aprob", signed_at=datetime.now(UTC)
    )
    assert (await foreign.call("verify", "Pdf", signed))["SignaturesValid"] is True
    altered = signed.replace(b"%PDF-1.", b"%PDF-2.", 1)
    assert (await foreign.call("verify", "Pdf", altered))["SignaturesValid"] is False


async def test_a_system_that_is_not_registered_fails_to_authenticate(foreign):
    told = await foreign.call("get", NOBODY, "en", who=foreign.api.tls.unregistered)
    assert fault(told) == "AuthenticationFailed"
    assert told["Text"] == f"Unknown service consumer: {serial_of(foreign.api.tls.unregistered.certificate)}"


async def test_a_request_of_another_system_is_not_given(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST))["RequestID"]
    assert fault(await foreign.call("get", request_id, "en", who=foreign.api.tls.second)) == "AuthorizationFailed"


async def test_a_hash_of_19_bytes_is_an_invalid_parameter(foreign):
    told = await foreign.call("post", "Hash", DESCRIPTION, b"1" * 19)
    assert fault(told) == "InvalidParameter"
    assert told["Text"].startswith("Contents[0].Content: a hash has")


async def test_an_unknown_request_is_not_found(foreign):
    assert fault(await foreign.call("get", NOBODY, "en")) == "RequestNotFound"


def fault(told: dict[str, str]) -> str:
    """The code's local name: each stack shows the prefix, or cuts it off, in its own way."""
    return told["Fault"].rpartition(":")[2]
