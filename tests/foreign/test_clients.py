"""Do clients of four other stacks, made from our WSDL, get through every operation and every fault?

The whole way: what they post is signed on the Sign Page, by a user's browser without scripts.
"""

import base64
import hashlib

import pytest
from cryptography import x509

from msign_gateway.demo.browser import Browser
from services.msign.consumers import serial_of
from services.msign.requests import RequestStore
from shared.contract.models import ContentType
from tests.documents import pdf_file, with_page_replaced
from tests.provider import posted

pytestmark = pytest.mark.asyncio(loop_scope="session")

DIGEST, OTHER = hashlib.sha256(b"document").digest(), b"2" * 20
DESCRIPTION = "Declarație: țară, șură – «Заявление» & <b>"
ENTRY = "ReturnUrl=https://servicii.exemplu.md/return&Instrument=tax&lang=en"
NOBODY = "0" * 32


async def on_the_sign_page(foreign, request_id, form="pin"):
    """Sign (or `cancel`) a request with Ana's key file."""
    ana = foreign.msign.person("tax")
    filled = {"KeyFile": foreign.msign.pki / ana["key_file"], "Password": ana["pin"]} if form == "pin" else {}
    async with Browser() as browser:
        page = await browser.open(f"{foreign.msign.sign_page}/{request_id}?{ENTRY}")
        page = await browser.submit(page, page.form(form), filled)
        assert page.has_form("return"), page.text


async def test_hashes_go_from_post_over_pending_to_valid_signatures(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST, OTHER))["RequestID"]
    stored = await posted(RequestStore(foreign.msign.pool), request_id)
    assert (stored.content_type, stored.short_content_description) == (ContentType.HASH, DESCRIPTION)
    assert [(one.content, one.correlation_id) for one in stored.contents] == [(DIGEST, "0"), (OTHER, "1")]
    assert await foreign.call("get", request_id, "ro") == {"Status": "Pending", "Message": None, "Results": []}
    await on_the_sign_page(foreign, request_id)
    told = await foreign.call("get", request_id, "ro")
    assert (told["Status"], told["Message"]) == ("Success", None)
    assert [one["CorrelationID"] for one in told["Results"]] == ["0", "1"]
    for result, content, another in zip(told["Results"], (DIGEST, OTHER), (OTHER, DIGEST), strict=True):
        signer = x509.load_der_x509_certificate(base64.b64decode(result["Certificate"]))
        assert foreign.msign.person("tax")["name"] in signer.subject.rfc4514_string()
        signature = base64.b64decode(result["Signature"])
        good = await foreign.call("verify", "Hash", signature, content)
        assert good["SignaturesValid"] is True
        assert len(good["Subjects"]) == 1
        assert (await foreign.call("verify", "Hash", signature, another))["SignaturesValid"] is False


async def test_a_pdf_comes_back_signed_and_is_valid_until_it_is_altered(foreign):
    pdf = pdf_file("Act de primire")
    request_id = (await foreign.call("post", "Pdf", DESCRIPTION, pdf))["RequestID"]
    await on_the_sign_page(foreign, request_id)
    (result,) = (await foreign.call("get", request_id, "en"))["Results"]
    signed = base64.b64decode(result["Signature"])
    assert signed.startswith(pdf), "what arrived was not byte for byte what was sent"
    assert (await foreign.call("verify", "Pdf", signed))["SignaturesValid"] is True
    altered = await foreign.call("verify", "Pdf", with_page_replaced(signed))
    assert altered["SignaturesValid"] is False
    assert altered["Message"].startswith("Semnătura nu este validă")


async def test_a_failure_comes_with_its_reason_in_the_callers_language(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST))["RequestID"]
    await on_the_sign_page(foreign, request_id, "cancel")
    told = await foreign.call("get", request_id, "ru")
    assert told == {"Status": "Failure", "Message": "Пользователь отказался", "Results": []}


async def test_an_expired_request_says_so(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST))["RequestID"]
    await foreign.msign.expire(request_id)
    told = await foreign.call("get", request_id, "ro")
    assert told == {"Status": "Expired", "Message": "Termenul de semnare a expirat", "Results": []}


async def test_a_system_that_is_not_registered_fails_to_authenticate(foreign):
    told = await foreign.call("get", NOBODY, "en", who="consumer3")
    assert fault(told) == "AuthenticationFailed"
    certificate = x509.load_pem_x509_certificate((foreign.msign.pki / "tls" / "consumer3.pem").read_bytes())
    assert told["Text"] == f"Unknown service consumer: {serial_of(certificate)}"


async def test_a_request_of_another_system_is_not_given(foreign):
    request_id = (await foreign.call("post", "Hash", DESCRIPTION, DIGEST))["RequestID"]
    assert fault(await foreign.call("get", request_id, "en", who="consumer2")) == "AuthorizationFailed"


async def test_a_hash_of_19_bytes_is_an_invalid_parameter(foreign):
    told = await foreign.call("post", "Hash", DESCRIPTION, b"1" * 19)
    assert fault(told) == "InvalidParameter"
    assert told["Text"].startswith("Contents[0].Content: a hash has")


async def test_an_unknown_request_is_not_found(foreign):
    assert fault(await foreign.call("get", NOBODY, "en")) == "RequestNotFound"


def fault(told: dict[str, str]) -> str:
    """The code's local name: each stack shows the prefix, or cuts it off, in its own way."""
    return told["Fault"].rpartition(":")[2]
