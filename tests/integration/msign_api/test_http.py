"""What of HTTP and SOAP does the endpoint understand, and how do its answers look to a WCF client?"""

import asyncio
import gzip
import re
import socket
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from lxml import etree

from services.msign.soap.endpoint import PATH
from shared.contract.transport import client_context
from tests.integration.msign_api.calls import SOAP_11, SOAP_12, XML, envelope, fault, get, post, request_id
from tests.integration.msign_api.conftest import MAX_BODY_BYTES, Api

pytestmark = pytest.mark.asyncio(loop_scope="session")

CALL = "<GetSignResponse xmlns='https://msign.gov.md'><requestID>0</requestID></GetSignResponse>"
WCF = "http://schemas.microsoft.com/ws/2005/05/addressing/none"
WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


def header(name: str, namespace: str, attributes: str = "s:mustUnderstand='1'") -> str:
    return f"<x:{name} xmlns:x='{namespace}' {attributes}>x</x:{name}>"


class Wire:
    """A connection on which anything can be said."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def say(self, head: str, *pieces: bytes) -> tuple[str, bytes]:
        """Send bytes as they are, without any end; returns the answer's head and its body."""
        return await self.go_on(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + b"".join(pieces))

    async def begin(self, head: str) -> str:
        """Send a head and return the one that comes back."""
        self._writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n")
        return (await self._reader.readuntil(b"\r\n\r\n")).decode()

    async def go_on(self, data: bytes) -> tuple[str, bytes]:
        """Send bytes; returns the answer's head and its body."""
        self._writer.write(data)
        told = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        size = re.search(r"Content-Length: (\d+)", told)
        assert size
        return told, await self._reader.readexactly(int(size.group(1)))


@asynccontextmanager
async def wire(api: Api) -> AsyncIterator[Wire]:
    tls = api.tls
    context = client_context(client_cert=tls.first.cert, client_key=tls.first.key, ca_bundle=tls.ca)
    port = int(api.url.split(":")[2].split("/")[0])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, family=socket.AF_INET)
    yield Wire(reader, writer)
    writer.transport.abort()


async def raw(api: Api, head: str, *pieces: bytes) -> tuple[str, bytes]:
    """Say one thing on a connection of its own."""
    async with wire(api) as connection:
        return await connection.say(head, *pieces)


@pytest.mark.parametrize(
    "kind",
    [
        "text/xml; charset=utf-8",
        'text/xml;charset="UTF-8"',
        "text/xml",
        "application/xml",
        "application/octet-stream",
        "application/soap+xml; charset=utf-8",
    ],
)
async def test_an_envelope_of_soap_1_1_is_answered_whatever_it_is_called(shared_api, kind):
    status, answered, answer = await shared_api.send(post().encode(), headers={"Content-Type": kind})
    assert (status, answered, fault(answer)) == (200, "text/xml", ("", ""))


async def test_an_envelope_without_a_content_type_is_answered(shared_api):
    body = post().encode()
    head, answer = await raw(shared_api, f"POST {PATH} HTTP/1.1\nHost: x\nContent-Length: {len(body)}", body)
    assert " 200 " in head
    assert request_id(answer)


@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/related; boundary=x", "application/x-www-form-urlencoded", "text/plain"]
)
async def test_what_is_no_xml_by_its_content_type_is_the_clients_fault(shared_api, kind):
    status, _, answer = await shared_api.send(b"{}", headers={"Content-Type": kind})
    assert (status, fault(answer)) == (500, ("Client", "the Content-Type must be text/xml"))


@pytest.mark.parametrize("kind", ["text/xml", "application/soap+xml; charset=utf-8; action=x"])
async def test_soap_1_2_is_a_version_mismatch_told_in_soap_1_1(shared_api, kind):
    body = envelope(CALL, namespace=SOAP_12).encode()
    status, answered, answer = await shared_api.send(body, headers={"Content-Type": kind})
    assert (status, answered, fault(answer)[0]) == (500, "text/xml", "VersionMismatch")
    assert etree.fromstring(answer).tag == f"{{{SOAP_11}}}Envelope"


@pytest.mark.parametrize(
    ("body", "charset"),
    [
        (post().encode(), None),
        (("\ufeff" + post()).encode(), "utf-8"),
        (post().encode("utf-16"), None),
        (post().encode("utf-16"), "utf-16"),
        (post().encode("utf-16-le"), None),
        (post().encode("utf-16-le"), "utf-16"),
        (post().encode("utf-16-be"), None),
        (post().encode("utf-16-be"), "UTF-16BE"),
        (("\ufeff" + post()).encode("utf-16-be"), "utf-16"),
        (b"<?xml version='1.0' encoding='utf-16'?>".decode().encode("utf-16") + post().encode("utf-16-le"), "utf-16"),
        (b"<?xml version='1.0' encoding='us-ascii'?>" + post().encode(), None),
    ],
)
async def test_utf_8_and_utf_16_are_understood_with_and_without_a_mark(shared_api, body, charset):
    kind = "text/xml" + (f"; charset={charset}" if charset else "")
    status, _, answer = await shared_api.send(body, headers={"Content-Type": kind})
    assert (status, fault(answer)) == (200, ("", ""))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (post().encode("utf-16"), "text/xml; charset=utf-32"),
        (post().encode("cp1251"), "text/xml; charset=windows-1251"),
        (b"<?xml version='1.0' encoding='windows-1251'?>" + post().encode(), "text/xml"),
        (post(short="<ShortContentDescription>ș</ShortContentDescription>").encode("utf-16-le")[:-1], "text/xml"),
        (post(short="<ShortContentDescription>\xff</ShortContentDescription>").encode("latin-1"), "text/xml"),
    ],
)
async def test_another_encoding_is_the_clients_fault(shared_api, body, kind):
    status, _, answer = await shared_api.send(body, headers={"Content-Type": kind})
    assert (status, fault(answer)[0]) == (500, "Client")


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data)[2:-4]),
        ("identity", bytes),
    ],
)
async def test_a_packed_body_is_understood(shared_api, encoding, pack):
    headers = XML | {"Content-Encoding": encoding}
    status, _, answer = await shared_api.send(pack(post().encode()), headers=headers)
    assert (status, fault(answer)) == (200, ("", ""))


async def test_a_packed_body_in_chunks_is_understood(shared_api):
    packed = gzip.compress(post().encode())

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(packed), 10):
            yield packed[start : start + 10]

    status, _, answer = await shared_api.send(chunks(), headers=XML | {"Content-Encoding": "gzip"})
    assert (status, fault(answer)) == (200, ("", ""))


@pytest.mark.parametrize("encoding", ["compress", "x-gzip-2", "br"])
async def test_a_body_packed_in_another_way_is_the_clients_fault(shared_api, encoding):
    status, kind, answer = await shared_api.send(b"\x1f\x9d\x90", headers=XML | {"Content-Encoding": encoding})
    assert (status, kind) in {(400, "text/plain"), (500, "text/xml")}
    assert b"<html" not in answer.lower()


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_comes(shared_api):
    head = f"POST {PATH} HTTP/1.1\nHost: x\nContent-Type: text/xml\nContent-Length: {10**12}"
    told, answer = await raw(shared_api, head)
    assert " 500 " in told.splitlines()[0]
    assert fault(answer) == ("InvalidParameter", f"the message is larger than {MAX_BODY_BYTES} bytes")


async def test_a_body_that_waits_to_be_asked_for_is_asked_for(shared_api):
    body = post().encode()
    async with wire(shared_api) as connection:
        head = (
            f"POST {PATH} HTTP/1.1\nHost: x\nContent-Type: text/xml\nExpect: 100-continue\nContent-Length: {len(body)}"
        )
        assert await connection.begin(head) == "HTTP/1.1 100 Continue\r\n\r\n"
        told, answer = await connection.go_on(body)
    assert " 200 " in told.splitlines()[0]
    assert request_id(answer)


async def test_a_body_that_waits_and_is_not_wanted_is_not_asked_for(shared_api):
    head = f"POST {PATH} HTTP/1.1\nHost: x\nContent-Type: text/xml\nExpect: 100-continue\nContent-Length: {10**12}"
    told, answer = await raw(shared_api, head)
    assert told.startswith("HTTP/1.1 500 ")
    assert "\r\nConnection: close\r\n" in told
    assert fault(answer)[0] == "InvalidParameter"


async def test_a_body_that_never_ends_is_refused_while_it_comes(shared_api):
    head = f"POST {PATH} HTTP/1.1\nHost: x\nContent-Type: text/xml\nTransfer-Encoding: chunked"
    chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    _, answer = await raw(shared_api, head, b"3\r\n<a>\r\n", chunk * (MAX_BODY_BYTES // 0x10000))
    assert fault(answer) == ("InvalidParameter", f"the message is larger than {MAX_BODY_BYTES} bytes")


async def test_a_small_body_that_unpacks_to_a_huge_one_is_refused(shared_api):
    bomb = gzip.compress(b"<a>" + b" " * 64 * MAX_BODY_BYTES)
    assert len(bomb) < MAX_BODY_BYTES / 8
    _, _, answer = await shared_api.send(bomb, headers=XML | {"Content-Encoding": "gzip"})
    assert fault(answer) == ("InvalidParameter", f"the message is larger than {MAX_BODY_BYTES} bytes")


@pytest.mark.parametrize(
    "headers",
    [
        header("Action", WCF),
        header("Action", WCF) + header("To", WCF),
        header("Security", WSS, ""),
        header("Security", WSS, "s:mustUnderstand='0'"),
        header("Security", WSS, "s:mustUnderstand='1' s:actor='urn:somebody-else'"),
    ],
)
async def test_a_header_that_is_known_or_need_not_be_is_no_obstacle(shared_api, headers):
    _, _, answer = await shared_api.send(envelope(CALL, headers).encode(), headers=XML)
    assert fault(answer)[0] == "RequestNotFound"


@pytest.mark.parametrize(
    "headers",
    [
        header("Security", WSS),
        header("Security", WSS, "s:mustUnderstand='true'"),
        header("Security", WSS, "s:mustUnderstand='1' s:actor='http://schemas.xmlsoap.org/soap/actor/next'"),
        header("Action", WCF) + header("Transaction", "urn:x"),
        header("Action", "http://www.w3.org/2005/08/addressing"),
    ],
)
async def test_a_header_that_must_be_understood_and_is_not_stops_the_call(shared_api, headers):
    status, kind, answer = await shared_api.send(envelope(CALL, headers).encode(), headers=XML)
    assert (status, kind, fault(answer)[0]) == (500, "text/xml", "MustUnderstand")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_another_method_is_told_which_ones_there_are(shared_api, method):
    head, _ = await raw(shared_api, f"{method} {PATH} HTTP/1.1\nHost: x\nContent-Length: 0")
    assert " 405 " in head.splitlines()[0]
    assert "\r\nAllow: GET,HEAD,POST\r\n" in head


async def test_the_head_of_the_wsdl_is_told_without_it(shared_api):
    status, kind, answer = await shared_api.send(None, method="HEAD", query="?wsdl")
    assert (status, kind, answer) == (200, "text/xml", b"")


async def test_a_fault_is_what_a_wcf_client_expects(shared_api):
    body = get().encode()
    head, answer = await raw(
        shared_api,
        f"POST {PATH} HTTP/1.1\nHost: x\nContent-Type: text/xml\nAccept: text/html\nContent-Length: {len(body)}",
        body,
    )
    assert head.startswith("HTTP/1.1 500 ")
    assert "\r\nContent-Type: text/xml; charset=utf-8\r\n" in head
    (body_element,) = etree.fromstring(answer)
    (told,) = body_element
    assert (body_element.tag, told.tag) == (f"{{{SOAP_11}}}Body", f"{{{SOAP_11}}}Fault")
    code, sentence = told
    assert (code.tag, sentence.tag) == ("faultcode", "faultstring")
    prefix, _, name = (code.text or "").partition(":")
    assert (code.nsmap[prefix], name) == ("https://msign.gov.md", "RequestNotFound")
    assert sentence.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


@pytest.mark.parametrize("code", ["Client", "VersionMismatch", "MustUnderstand"])
async def test_soaps_own_codes_stand_in_soaps_namespace(shared_api, code):
    body = {
        "Client": "<a/>",
        "VersionMismatch": envelope(CALL, namespace=SOAP_12),
        "MustUnderstand": envelope(CALL, header("Security", WSS)),
    }[code]
    _, _, answer = await shared_api.send(body.encode(), headers=XML)
    (told,) = etree.fromstring(answer).iter("faultcode")
    prefix, _, name = (told.text or "").partition(":")
    assert (told.nsmap[prefix], name) == (SOAP_11, code)


async def test_a_connection_goes_on_after_a_fault(shared_api):
    async with wire(shared_api) as connection:
        for body, code in ((b"<a/>", "Client"), (post().encode(), "")):
            head = f"POST {PATH} HTTP/1.1\nHost: x\nContent-Length: {len(body)}"
            _, answer = await connection.say(head, body)
            assert fault(answer)[0] == code
