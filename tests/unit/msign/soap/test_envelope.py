import pytest
from lxml import etree

from services.msign.soap.envelope import SoapFault, find_call

S = "http://schemas.xmlsoap.org/soap/envelope/"
CALL = '<GetSignResponse xmlns="https://msign.gov.md"><requestID>1</requestID></GetSignResponse>'
WCF_ACTION = (
    '<Action s:mustUnderstand="1" xmlns="http://schemas.microsoft.com/ws/2005/05/addressing/none">'
    "https://msign.gov.md/IMSign/GetSignResponse</Action>"
)


def envelope(body: str = CALL, header: str = "", namespace: str = S) -> str:
    head = f"<s:Header>{header}</s:Header>" if header else ""
    return f'<s:Envelope xmlns:s="{namespace}">{head}<s:Body>{body}</s:Body></s:Envelope>'


def read(text: str, action: str | None = None) -> str:
    return etree.QName(find_call(etree.fromstring(text), action)).localname


def refused(text: str, action: str | None = None) -> str:
    with pytest.raises(SoapFault) as fault:
        read(text, action)
    return fault.value.code


@pytest.mark.parametrize(
    "action",
    [None, "", '""', "https://msign.gov.md/IMSign/GetSignResponse", '"https://msign.gov.md/IMSign/GetSignResponse"'],
)
def test_the_action_may_be_quoted_unquoted_empty_or_absent(action):
    assert read(envelope(), action) == "GetSignResponse"


def test_an_action_of_another_operation_is_refused():
    assert refused(envelope(), '"https://msign.gov.md/IMSign/PostSignRequest"') == "Client"


def test_the_action_header_of_wcf_is_understood():
    assert read(envelope(header=WCF_ACTION)) == "GetSignResponse"


@pytest.mark.parametrize(
    "header",
    ['<Security xmlns="urn:x"/>', '<X xmlns="urn:x" s:mustUnderstand="0"/>',
     '<X xmlns="urn:x" s:mustUnderstand="1" s:actor="urn:somebody-else"/>'],
)  # fmt: skip
def test_a_header_that_need_not_be_understood_is_ignored(header):
    assert read(envelope(header=header)) == "GetSignResponse"


@pytest.mark.parametrize("mark", ["1", "true"])
def test_an_unknown_header_that_must_be_understood_is_refused(mark):
    assert refused(envelope(header=f'<X xmlns="urn:x" s:mustUnderstand="{mark}"/>')) == "MustUnderstand"


def test_soap_1_2_is_a_version_mismatch():
    assert refused(envelope(namespace="http://www.w3.org/2003/05/soap-envelope")) == "VersionMismatch"


@pytest.mark.parametrize(
    "text",
    [
        "<a/>",
        envelope(body=""),
        envelope(body=CALL + CALL),
        envelope(body="<GetSignResponse/>"),
        envelope(body='<Other xmlns="https://msign.gov.md"/>'),
        f'<s:Envelope xmlns:s="{S}"/>',
    ],
)
def test_what_is_no_call_is_the_clients_fault(text):
    assert refused(text) == "Client"
