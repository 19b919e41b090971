import pytest
from lxml import etree

from services.msign.soap.schema import check_body
from shared.contract.faults import InvalidParameter

XSI = 'xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'


def sign_request(**changes: str) -> str:
    parts = {
        "ContentType": "<ContentType>Hash</ContentType>",
        "Contents": "<Contents><SignContent><Content>MTIz</Content></SignContent></Contents>",
        "ShortContentDescription": "<ShortContentDescription>x</ShortContentDescription>",
    } | changes
    request = f"<request>{''.join(parts.values())}</request>"
    return f"<PostSignRequest xmlns='https://msign.gov.md' {XSI}>{request}</PostSignRequest>"


def test_a_call_as_the_contract_says_passes():
    check_body(etree.fromstring(sign_request()))


def test_a_nil_content_passes_the_schema():
    check_body(etree.fromstring(sign_request(Contents="<Contents i:nil='true'/>")))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"ContentType": "<ContentType>Word</ContentType>"}, "ContentType: is none of the allowed values"),
        ({"ContentType": "<ContentType i:nil='true'/>"}, "ContentType: must not be nil"),
        ({"ContentType": ""}, "Contents: is not allowed here, expected ContentDescription, ContentType"),
        (
            {"ShortContentDescription": ""},
            "request: an element is missing in it, expected ExpectedSigner, ShortContentDescription",
        ),
        (
            {
                "Contents": "<Contents><SignContent><Content>MTIz</Content>"
                "<MultipleSignatures>yes</MultipleSignatures></SignContent></Contents>"
            },
            "MultipleSignatures: the value is not of the type that the contract says",
        ),
    ],
)
def test_the_fault_names_the_element_and_never_the_value(changes, sentence):
    with pytest.raises(InvalidParameter) as fault:
        check_body(etree.fromstring(sign_request(**changes)))
    assert str(fault.value) == sentence


def test_what_was_no_base64_is_refused_by_its_name():
    call = etree.fromstring(sign_request())
    with pytest.raises(InvalidParameter) as fault:
        check_body(call, [next(call.iter("{*}Content"))])
    assert str(fault.value) == "Content: the value is not of the type that the contract says"
