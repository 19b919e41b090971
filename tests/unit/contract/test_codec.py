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
ANSWERS = [
    ("SignResponse", SignResponse(status=SignStatus.PENDING)),
    (
        "SignResponse",
        SignResponse(
            status=SignStatus.FAILURE,
            message="nu",
            results=(SignResult(correlation_id="a", certificate=b"c", signature=b"s"), SignResult()),
        ),
    ),
    (
        "VerificationResponse",
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


@pytest.mark.parametrize(("name", "model"), [*REQUESTS, *ANSWERS])
def test_a_model_on_the_wire_is_what_the_schema_allows(name, model):
    wsdl.schema().assertValid(on_the_wire(name, model))


def test_a_time_is_sent_in_utc():
    east = datetime(2026, 1, 2, 5, 0, tzinfo=timezone(timedelta(hours=2)))
    value = codec.to_value(VerificationCertificate(certificate=b"", signature_valid=True, subject="", signed_at=east))
    assert value["SignedAt"] == datetime(2026, 1, 2, 3, 0, tzinfo=UTC)
    assert value["SignedAt"].tzinfo is UTC
