import io
from typing import Any

import pytest
from lxml import etree

from services.msign.soap.arguments import read_arguments
from shared.contract import wsdl
from shared.contract.codec import to_value
from shared.contract.faults import InvalidParameter
from shared.contract.message import MessageReader
from shared.contract.models import (
    ContentType,
    DelegatorType,
    ExpectedSigner,
    SignContent,
    SignRequest,
    VerificationContent,
    VerificationRequest,
)

ROOT = 'xmlns="https://msign.gov.md" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'
SIGN = (
    "<request><ContentDescription i:nil='true'/><ContentType>Hash</ContentType>"
    "<Contents>{content}</Contents>{signer}<ShortContentDescription>x</ShortContentDescription></request>"
)
CONTENT = "<SignContent><Content>MTIz</Content></SignContent>"
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
VERIFICATION = VerificationRequest(
    signed_content_type=ContentType.HASH,
    contents=(
        VerificationContent(signature=b"<a/>", content=b"1" * 20, correlation_id="c"),
        VerificationContent(signature=b"<b/>"),
    ),
    language="ru",
)


def arguments(name: str, inner: str) -> tuple[Any, ...]:
    return read(name, f"<{name} {ROOT}>{inner}</{name}>".encode())


def read(name: str, data: bytes) -> tuple[Any, ...]:
    reader = MessageReader(None, io.BytesIO)
    reader.feed(data)
    message = reader.close()
    (call,) = [one for one in message.root.iter() if etree.QName(one).localname == name]
    return read_arguments(name, call, message.values)


@pytest.mark.parametrize(("name", "model"), [("PostSignRequest", FULL_REQUEST), ("VerifySignatures", VERIFICATION)])
def test_what_our_client_writes_is_read_as_it_was_meant(name, model):
    envelope = wsdl.operation(name).create(request=to_value(model)).content
    assert read(name, etree.tostring(envelope)) == (model,)


@pytest.mark.parametrize("signer", ["", "<ExpectedSigner i:nil='true'/>", "<ExpectedSigner i:nil=' 1 '/>"])
def test_a_nil_expected_signer_is_none(signer):
    (request,) = arguments("PostSignRequest", SIGN.format(content=CONTENT, signer=signer))
    assert request == SignRequest(
        content_type=ContentType.HASH, short_content_description="x", contents=(SignContent(content=b"123"),)
    )


def test_an_expected_signer_with_a_nil_id_stays_one():
    signer = "<ExpectedSigner><ID i:nil='true'/></ExpectedSigner>"
    (request,) = arguments("PostSignRequest", SIGN.format(content=CONTENT, signer=signer))
    assert request.expected_signer == ExpectedSigner(id="")


@pytest.mark.parametrize(
    "content",
    ["<SignContent i:nil='true'/>", "<SignContent/>", "<SignContent><Content/></SignContent>",
     "<SignContent><Content i:nil='true'/><Name></Name></SignContent>"],
)  # fmt: skip
def test_a_nil_or_empty_content_is_an_empty_one(content):
    (request,) = arguments("PostSignRequest", SIGN.format(content=content, signer=""))
    assert request.contents == (SignContent(content=b""),)


@pytest.mark.parametrize(("text", "value"), [("true", True), (" 1 ", True), ("false", False), ("0", False)])
def test_a_boolean_has_two_spellings(text, value):
    content = f"<SignContent><Content>MTIz</Content><MultipleSignatures>{text}</MultipleSignatures></SignContent>"
    (request,) = arguments("PostSignRequest", SIGN.format(content=content, signer=""))
    assert request.contents[0].multiple_signatures is value


def test_a_get_sign_response_has_its_two_arguments():
    assert arguments("GetSignResponse", "<requestID>1</requestID><language>ru</language>") == ("1", "ru")
    assert arguments("GetSignResponse", "<requestID>1</requestID>") == ("1", None)


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
