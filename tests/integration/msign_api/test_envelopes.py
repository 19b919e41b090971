"""Messages made by hand, in the form that WCF and other stacks send, and hostile ones."""

import asyncio
import socket
import ssl
from typing import Any

import pytest
import zeep
from lxml import etree

from tests.integration.msign_api.calls import SOAP_11, XML, fault, request_id
from tests.provider import posted

ACTION = "https://msign.gov.md/IMSign/"
WCF = """<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">
<s:Header><Action s:mustUnderstand="1" xmlns="http://schemas.microsoft.com/ws/2005/05/addressing/none">{action}</Action>
</s:Header><s:Body>{body}</s:Body></s:Envelope>"""
POST = """<PostSignRequest xmlns="https://msign.gov.md"><request xmlns:i="http://www.w3.org/2001/XMLSchema-instance">
<ContentDescription i:nil="true"/><ContentType>Hash</ContentType><Contents><SignContent>
<Content>MDEyMzQ1Njc4OTAxMjM0NTY3ODk=</Content><CorrelationID>ș</CorrelationID><MultipleSignatures>false</MultipleSignatures>
<Name i:nil="true"/></SignContent></Contents><ExpectedSigner i:nil="true"/>
<ShortContentDescription>Cerere ș</ShortContentDescription>
<SignatureReason i:nil="true"/></request></PostSignRequest>"""
ENVELOPE = WCF.format(action=ACTION + "PostSignRequest", body=POST)


@pytest.mark.parametrize(
    "headers",
    [
        XML | {"SOAPAction": f'"{ACTION}PostSignRequest"'},
        XML | {"SOAPAction": f"{ACTION}PostSignRequest"},
        XML,
    ],
)
async def test_a_wcf_message_is_answered(api, headers):
    status, kind, answer = await api.send(ENVELOPE.encode(), headers=headers)
    assert (status, kind) == (200, "text/xml")
    stored = await posted(api.requests, request_id(answer))
    assert stored.short_content_description == "Cerere ș"
    assert stored.expected_signer is None


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ("hello", "Client", "well-formed"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + ENVELOPE, "Client", "document type"),
        (ENVELOPE.replace(SOAP_11, "http://www.w3.org/2003/05/soap-envelope"), "VersionMismatch", "1.1"),
        (ENVELOPE.replace("2005/05/addressing/none", "else"), "MustUnderstand", "Action"),
        (ENVELOPE.replace(">Hash<", ">Word<"), "InvalidParameter", "ContentType: is none of the allowed values"),
        (ENVELOPE.replace("MDEyMzQ1", "!!"), "InvalidParameter", "Content: the value is not of the type"),
        (ENVELOPE.replace("Cerere ș", ""), "InvalidParameter", "ShortContentDescription: is required"),
        (WCF.format(action="x", body='<Drop xmlns="https://msign.gov.md"/>'), "Client", "the body must hold"),
    ],
)  # fmt: skip
async def test_a_bad_message_gets_a_fault_that_says_why(api, body, code, text):
    status, kind, answer = await api.send(body.encode(), headers=XML)
    assert (status, kind) == (500, "text/xml")
    assert fault(answer)[0] == code
    assert text in fault(answer)[1]
    assert b"Traceback" not in answer


async def test_a_broken_gzip_body_is_the_clients_fault(api):
    status, _, answer = await api.send(b"not gzip", headers=XML | {"Content-Encoding": "gzip"})
    assert (status, fault(answer)[0]) in {(500, "Client")}


@pytest.mark.parametrize("query", ["?wsdl", "?singleWsdl", "?WSDL"])
async def test_the_wsdl_tells_the_address_it_was_asked_at(api, query):
    status, kind, answer = await api.send(None, method="GET", query=query)
    assert (status, kind) == (200, "text/xml")
    assert [one.get("location") for one in etree.fromstring(answer).iterfind(".//{*}address")] == [api.url]


async def test_a_foreign_client_can_be_made_from_the_served_wsdl(api, tmp_path):
    _, _, answer = await api.send(None, method="GET", query="?singleWsdl")
    file = tmp_path / "served.wsdl"
    file.write_bytes(answer)
    client: Any = zeep.Client(str(file))
    made = client.create_message(client.service, "GetSignResponse", requestID="0" * 32, language="ro")
    status, _, answer = await api.send(etree.tostring(made), headers=XML | {"SOAPAction": f'"{ACTION}GetSignResponse"'})
    assert (status, fault(answer)[0]) == (500, "RequestNotFound")


@pytest.mark.parametrize("call", ["POST /MSign.svc", "GET /MSign.svc?wsdl"])
async def test_without_a_client_certificate_the_answer_is_a_fault(api, call):
    context = ssl.create_default_context(cafile=api.tls.ca)
    port = int(api.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, family=socket.AF_INET)
    writer.write(f"{call} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 500 " in head.splitlines()[0]
    assert fault(body) == ("AuthenticationFailed", "A client certificate is required")


async def test_an_unregistered_system_does_not_get_the_wsdl(api):
    status, _, answer = await api.send(None, method="GET", query="?wsdl", who=api.tls.unregistered)
    assert (status, fault(answer)[0]) == (500, "AuthenticationFailed")
