from collections.abc import Iterable
from typing import Any

import pytest
from lxml import etree

from shared.contract import wsdl

XS = "{http://www.w3.org/2001/XMLSchema}"
W = "{http://schemas.xmlsoap.org/wsdl/}"
SOAP = "{http://schemas.xmlsoap.org/wsdl/soap/}"
ACTION = "{http://www.w3.org/2006/05/addressing/wsdl}Action"

TYPES = {
    "SignRequest": (
        "ContentDescription string opt · ContentType ContentType req · Contents ArrayOfSignContent req · "
        "ExpectedSigner ExpectedSigner opt · ShortContentDescription string req · SignatureReason string opt"
    ),
    "SignContent": (
        "Content base64Binary req · CorrelationID string opt · MultipleSignatures boolean opt · Name string opt"
    ),
    "ExpectedSigner": (
        "DelegatedRoleID int opt · DelegatorID string opt · DelegatorType DelegatorType opt · ID string req"
    ),
    "SignResponse": "Message string opt · Results ArrayOfSignResult req · Status SignStatus req",
    "SignResult": "Certificate base64Binary opt · CorrelationID string opt · Signature base64Binary opt",
    "VerificationRequest": (
        "Contents ArrayOfVerificationContent req · Language string opt · SignedContentType ContentType req"
    ),
    "VerificationContent": "Content base64Binary opt · CorrelationID string opt · Signature base64Binary req",
    "VerificationResponse": "Results ArrayOfVerificationResult req",
    "VerificationResult": (
        "Certificates ArrayOfVerificationCertificate opt · CorrelationID string opt · Message string req · "
        "SignaturesValid boolean req"
    ),
    "VerificationCertificate": (
        "Certificate base64Binary req · SignatureValid boolean req · SignedAt dateTime opt · Subject string req"
    ),
}
ARRAYS = ("SignContent", "SignResult", "VerificationContent", "VerificationResult", "VerificationCertificate")
ENUMS = {
    "ContentType": ["Hash", "Pdf"],
    "DelegatorType": ["None", "Person", "Organization"],
    "SignStatus": ["Pending", "Success", "Failure", "Expired"],
}
NEVER_NIL = {"boolean", "int", *ENUMS}
OPERATIONS = {
    "PostSignRequest": (["request SignRequest"], "string"),
    "GetSignResponse": (["requestID string", "language string"], "SignResponse"),
    "VerifySignatures": (["request VerificationRequest"], "VerificationResponse"),
}


@pytest.fixture(scope="module")
def root() -> etree._Element:
    return etree.parse(wsdl.WSDL).getroot()


def local(name: str) -> str:
    return name.rpartition(":")[2]


def rows(sequence: Iterable[Any]) -> list[tuple[str, str, str, bool]]:
    return [
        (one.get("name"), local(one.get("type")), one.get("minOccurs", "1"), one.get("nillable") == "true")
        for one in sequence
    ]


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_the_elements_of_the_contract_in_order(root, name):
    (sequence,) = root.iterfind(f".//{XS}complexType[@name='{name}']/{XS}sequence")
    wanted = [row.split() for row in TYPES[name].split(" · ")]
    assert rows(sequence) == [
        (element, kind, "1" if need == "req" else "0", kind not in NEVER_NIL) for element, kind, need in wanted
    ]


@pytest.mark.parametrize("name", ARRAYS)
def test_an_array_holds_any_number_of_its_items(root, name):
    (item,) = root.iterfind(f".//{XS}complexType[@name='ArrayOf{name}']/{XS}sequence/{XS}element")
    assert rows([item]) == [(name, name, "0", True)]
    assert item.get("maxOccurs") == "unbounded"


@pytest.mark.parametrize("name", ENUMS)
def test_an_enumeration_has_the_values_of_the_contract(root, name):
    values = root.findall(f".//{XS}simpleType[@name='{name}']/{XS}restriction/{XS}enumeration")
    assert [value.get("value") for value in values] == ENUMS[name]


def test_content_types_carry_their_numbers(root):
    found = root.findall(f".//{XS}simpleType[@name='ContentType']//{{*}}EnumerationValue")
    assert [(one.tag, one.text) for one in found] == [
        ("{http://schemas.microsoft.com/2003/10/Serialization/}EnumerationValue", number) for number in "12"
    ]


def test_each_type_has_a_nillable_global_element(root):
    (schema,) = root.iterfind(f"{W}types/{XS}schema")
    types = {one.get("name") for one in schema if one.tag != f"{XS}element"}
    elements = {one.get("name"): one for one in schema.iterfind(f"{XS}element[@type]")}
    assert types == elements.keys() == {*TYPES, *ENUMS, *(f"ArrayOf{name}" for name in ARRAYS)}
    assert {one.get("nillable") for one in elements.values()} == {"true"}
    assert schema.get("elementFormDefault") == "qualified"
    assert schema.get("targetNamespace") == root.get("targetNamespace") == "https://msign.gov.md"


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_wrapped_as_the_contract_says(root, name):
    parts, result = OPERATIONS[name]
    for element, wanted in ((name, parts), (f"{name}Response", [f"{name}Result {result}"])):
        (sequence,) = root.iterfind(f".//{XS}element[@name='{element}']/{XS}complexType/{XS}sequence")
        assert rows(sequence) == [(*part.split(), "0", True) for part in wanted]


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_its_messages_and_actions(root, name):
    action = f"https://msign.gov.md/IMSign/{name}"
    (port,) = root.iterfind(f"{W}portType[@name='IMSign']/{W}operation[@name='{name}']")
    for direction, end, element in (("input", "", name), ("output", "Response", f"{name}Response")):
        (side,) = port.iterfind(f"{W}{direction}")
        assert side.get(ACTION) == action + end
        message = f"IMSign_{name}_{direction.capitalize()}Message"
        assert local(side.get("message")) == message
        (part,) = root.iterfind(f"{W}message[@name='{message}']/{W}part")
        assert (part.get("name"), local(part.get("element"))) == ("parameters", element)
    (bound,) = root.iterfind(f"{W}binding[@name='BasicHttpBinding_IMSign']/{W}operation[@name='{name}']")
    assert bound.find(f"{SOAP}operation").get("soapAction") == action
    assert [one.get("use") for one in bound.iter(f"{SOAP}body")] == ["literal", "literal"]


def test_the_service_has_the_names_of_the_contract(root):
    service = root.find(f"{W}service")
    assert root.get("name") == service.get("name") == "MSignService"
    assert [port.get("name") for port in service] == ["BasicHttpBinding_IMSign"]


def test_the_served_wsdl_tells_where_the_service_is():
    told = etree.fromstring(wsdl.described_at("https://msign.example/MSign.svc?a=1&b=2"))
    (address,) = told.iterfind(f".//{SOAP}address")
    assert address.get("location") == "https://msign.example/MSign.svc?a=1&b=2"
