from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from lxml import etree

from shared.contract import codec, wsdl
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    SignResponse,
    SignResult,
    SignStatus,
    VerificationCertificate,
    VerificationContent,
    VerificationRequest,
    VerificationResponse,
    VerificationResult,
)

FULL_REQUEST = SignRequest(
    content_type=ContentType.PDF,
    short_content_description="Declarația",
    contents=(
        SignContent(content=b"%PDF-1.7", correlation_id="a", name="ă.pdf", multiple_signatures=True),
        SignContent(content=bytes(range(256))),
    ),
    content_description="Описание",
    signature_reason="Reason & <more>",
    expected_signer=ExpectedSigner(
        id="2000000000007", delegator_type=DelegatorType.ORGANIZATION, delegator_id="1", delegated_role_id=-7
    ),
)
SMALL_REQUEST = SignRequest(
    content_type=ContentType.HASH, short_content_description="x", contents=(SignContent(content=b"1" * 20),)
)
CERTIFICATE = VerificationCertificate(
    certificate=b"der", signature_valid=True, subject="CN=Ana", signed_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
)
REQUESTS = [
    ("SignRequest", FULL_REQUEST),
    ("SignRequest", SMALL_REQUEST),
    (
        "VerificationRequest",
        VerificationRequest(
            signed_content_type=ContentType.HASH,
            contents=(VerificationContent(signature=b"<x/>", content=b"h", correlation_id="c"),),
            language="ru",
        ),
    ),
]
CASES = [
    ("SignResponse", codec.read_sign_response, SignResponse(status=SignStatus.PENDING)),
    (
        "SignResponse",
        codec.read_sign_response,
        SignResponse(
            status=SignStatus.FAILURE,
            message="nu",
            results=(SignResult(correlation_id="a", certificate=b"c", signature=b"s"), SignResult()),
        ),
    ),
    (
        "VerificationResponse",
        codec.read_verification_response,
        VerificationResponse(
            results=(
                VerificationResult(
                    message="da", signatures_valid=True, correlation_id="c", certificates=(CERTIFICATE, CERTIFICATE)
                ),
                VerificationResult(message="nu", signatures_valid=False),
            )
        ),
    ),
]


def on_the_wire(name: str, model: Any) -> etree._Element:
    element = wsdl.element(name)
    parent = etree.Element("parent")
    element.render(parent, element(**codec.to_value(model)))
    return parent[0]


@pytest.mark.parametrize(("name", "read", "model"), CASES)
def test_a_model_comes_back_from_the_wire_as_it_was(name, read, model):
    node = etree.fromstring(etree.tostring(on_the_wire(name, model)))
    assert read(wsdl.element(name).parse(node, wsdl.document().types)) == model


@pytest.mark.parametrize(("name", "model"), [*REQUESTS, *((name, model) for name, _, model in CASES)])
def test_a_model_on_the_wire_is_what_the_schema_allows(name, model):
    wsdl.schema().assertValid(on_the_wire(name, model))


def test_a_time_is_sent_in_utc():
    east = datetime(2026, 1, 2, 5, 0, tzinfo=timezone(timedelta(hours=2)))
    value = codec.to_value(VerificationCertificate(certificate=b"", signature_valid=True, subject="", signed_at=east))
    assert value["SignedAt"] == datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
    assert value["SignedAt"].tzinfo is UTC


def test_a_time_without_a_zone_is_read_as_utc():
    node = on_the_wire("VerificationResponse", CASES[-1][2])
    for moment in node.iterfind(".//{*}SignedAt"):
        moment.text = "2026-01-02T03:04:05"
    read = codec.read_verification_response(wsdl.element("VerificationResponse").parse(node, wsdl.document().types))
    assert read.results[0].certificates[0].signed_at == CERTIFICATE.signed_at
