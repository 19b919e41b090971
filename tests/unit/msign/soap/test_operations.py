from typing import Any

import pytest
from lxml import etree

from services.msign.soap.operations import read_arguments, write_answer
from shared.contract.faults import InvalidParameter
from shared.contract.models import (
    ContentType,
    SignContent,
    SignRequest,
    SignResponse,
    SignStatus,
    VerificationContent,
    VerificationRequest,
)

ROOT = 'xmlns="https://msign.gov.md" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
SIGN = (
    "<request><ContentDescription i:nil='true'/><ContentType>Hash</ContentType>"
    "<Contents><SignContent><Content>MTIz</Content></SignContent></Contents>"
    "{signer}<ShortContentDescription>x</ShortContentDescription></request>"
)


def arguments(name: str, inner: str) -> tuple[Any, ...]:
    return read_arguments(name, etree.fromstring(f"<{name} {ROOT}>{inner}</{name}>"))


@pytest.mark.parametrize("signer", ["", "<ExpectedSigner i:nil='true'/>"])
def test_a_nil_expected_signer_is_none(signer):
    (request,) = arguments("PostSignRequest", SIGN.format(signer=signer))
    assert request == SignRequest(
        content_type=ContentType.HASH, short_content_description="x", contents=(SignContent(content=b"123"),)
    )


def test_an_expected_signer_with_a_nil_id_stays_one():
    (request,) = arguments("PostSignRequest", SIGN.format(signer="<ExpectedSigner><ID i:nil='true'/></ExpectedSigner>"))
    assert request.expected_signer is not None
    assert request.expected_signer.id == ""


def test_a_get_sign_response_has_its_two_arguments():
    assert arguments("GetSignResponse", "<requestID>1</requestID><language>ru</language>") == ("1", "ru")
    assert arguments("GetSignResponse", "<requestID>1</requestID>") == ("1", None)


def test_a_verification_request_is_read():
    inner = (
        "<request><Contents><VerificationContent><Content i:nil='true'/><Signature>MTIz</Signature>"
        "</VerificationContent></Contents><SignedContentType>Pdf</SignedContentType></request>"
    )
    assert arguments("VerifySignatures", inner) == (
        VerificationRequest(
            signed_content_type=ContentType.PDF, contents=(VerificationContent(signature=b"123"),), language=None
        ),
    )


@pytest.mark.parametrize(
    ("name", "inner", "where"),
    [
        ("PostSignRequest", "", "request"),
        ("PostSignRequest", "<request i:nil='true'/>", "request"),
        ("VerifySignatures", "<request i:nil='1'/>", "request"),
        ("GetSignResponse", "<language>ro</language>", "requestID"),
        ("GetSignResponse", "<requestID i:nil='true'/>", "requestID"),
    ],
)
def test_a_missing_or_nil_parameter_is_named(name, inner, where):
    with pytest.raises(InvalidParameter) as fault:
        arguments(name, inner)
    assert str(fault.value) == f"{where}: is required"


def test_a_pending_answer_has_empty_results():
    answer = etree.fromstring(write_answer("GetSignResponse", SignResponse(status=SignStatus.PENDING)))
    (results,) = answer.iterfind(".//{https://msign.gov.md}Results")
    assert len(results) == 0
    assert answer.findtext(".//{https://msign.gov.md}Status") == "Pending"
