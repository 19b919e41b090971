"""Whatever answers in MSign's place: its XML is read as an attacker's, and each such answer is refused."""

import gzip
import resource
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web

from msign_gateway.infrastructure.ports import free_ports
from shared.contract.client import MSignClient
from shared.errors import Transient
from shared.lifecycle import serve_http

MOST_BYTES = 1 << 20
BOMB_BYTES = 128 << 20
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
NAMESPACE = "https://msign.gov.md"


def envelope(result: str, prologue: str = "") -> bytes:
    """A GetSignResponse answer around `result`."""
    return (
        f'{prologue}<s:Envelope xmlns:s="{SOAP}"><s:Body><GetSignResponseResponse xmlns="{NAMESPACE}">'
        f"<GetSignResponseResult>{result}</GetSignResponseResult></GetSignResponseResponse></s:Body></s:Envelope>"
    ).encode()


def doctype(declarations: str) -> bytes:
    """An answer that would be good without its document type, which it puts into the message."""
    return envelope("<Message>&x;</Message><Results/><Status>Failure</Status>", f"<!DOCTYPE s [{declarations}]>")


BILLION = "".join(
    f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghx", strict=True)
)
ANSWERS: dict[str, Callable[[str], bytes]] = {
    "an entity that reads a file": lambda _: doctype('<!ENTITY x SYSTEM "file:///etc/passwd">'),
    "an entity that calls home": lambda home: doctype(f'<!ENTITY x SYSTEM "{home}">'),
    "a document type that calls home": lambda home: envelope(
        "<Results/><Status>Success</Status>", f'<!DOCTYPE s SYSTEM "{home}">'
    ),
    "a parameter entity": lambda home: doctype(f'<!ENTITY % p SYSTEM "{home}"> %p; <!ENTITY x "">'),
    "a billion laughs": lambda _: doctype(f'<!ENTITY a "ha">{BILLION}'),
    "a document type in UTF-16": lambda _: doctype('<!ENTITY x "y">').decode().encode("utf-16"),
    "a document type far behind": lambda _: b"<!--" + b"x" * 20_000 + b"-->" + doctype('<!ENTITY x "y">'),
    "an inclusion": lambda home: envelope(f'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="{home}"/>'),
    "a tower": lambda _: envelope("<a>" * 20_000 + "</a>" * 20_000),
    "more than is read": lambda _: envelope(f"<Message>{'x' * MOST_BYTES}</Message>"),
    "two statuses at once": lambda _: envelope("<Results/><Status>Success</Status><Status>Pending</Status>"),
    "a status that there is not": lambda _: envelope("<Results/><Status>Signed</Status>"),
    "no status": lambda _: envelope("<Results/>"),
    "another operation's answer": lambda _: (
        f'<s:Envelope xmlns:s="{SOAP}"><s:Body><PostSignRequestResponse xmlns="{NAMESPACE}">'
        "<PostSignRequestResult>x</PostSignRequestResult></PostSignRequestResponse></s:Body></s:Envelope>"
    ).encode(),
}  # fmt: skip


class Impostor:
    """A server in MSign's place; `home` is where its answers try to have us call."""

    def __init__(self, port: int) -> None:
        self.home = f"http://127.0.0.1:{port}/home"
        self.url = f"http://127.0.0.1:{port}/MSign.svc"
        self.called_home = 0
        self.answer = web.Response()

    async def soap(self, _: web.Request) -> web.Response:
        return self.answer

    async def visited(self, _: web.Request) -> web.Response:
        self.called_home += 1
        return web.Response(text='<!ENTITY x "y">')


@pytest.fixture
async def impostor() -> AsyncIterator[Impostor]:
    (port,) = free_ports(1)
    made = Impostor(port)
    app = web.Application()
    app.add_routes([web.post("/MSign.svc", made.soap), web.route("*", "/home", made.visited)])
    async with serve_http(app, host="127.0.0.1", port=port):
        yield made


@pytest.fixture
async def client(impostor) -> AsyncIterator[MSignClient]:
    async with MSignClient.connect(url=impostor.url, timeout_s=30, max_answer_bytes=MOST_BYTES) as connected:
        yield connected


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("status", [200, 500])
async def test_a_hostile_answer_is_refused_and_nothing_is_fetched(impostor, client, kind, status):
    impostor.answer = web.Response(body=ANSWERS[kind](impostor.home), status=status, content_type="text/xml")
    with pytest.raises(Transient):
        await client.get_sign_response("0" * 32)
    assert impostor.called_home == 0


@pytest.mark.parametrize(
    "signature", ['<i:Include xmlns:i="http://www.w3.org/2004/08/xop/include" href="{}"/>', "%%%", ""]
)
async def test_a_signature_that_is_elsewhere_or_none_is_no_signature(impostor, client, signature):
    """What is not there covers nothing: the job fails (`content_mismatch`)."""
    result = f"<SignResult><Signature>{signature.format(impostor.home)}</Signature></SignResult>"
    answer = envelope(f"<Results>{result}</Results><Status>Success</Status>")
    impostor.answer = web.Response(body=answer, content_type="text/xml")
    (found,) = (await client.get_sign_response("0" * 32)).results
    assert not found.signature
    assert impostor.called_home == 0


async def test_an_answer_that_is_packed_small_is_bounded_by_what_it_unpacks_to(impostor, client):
    packed = gzip.compress(b"<a>" + b" " * BOMB_BYTES, compresslevel=9)
    assert len(packed) < MOST_BYTES
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    impostor.answer = web.Response(body=packed, content_type="text/xml", headers={"Content-Encoding": "gzip"})
    with pytest.raises(Transient, match="larger than"):
        await client.get_sign_response("0" * 32)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    assert grown < BOMB_BYTES // 4


async def test_an_answer_that_leads_elsewhere_is_not_followed(impostor, client):
    impostor.answer = web.Response(status=307, headers={"Location": impostor.home})
    with pytest.raises(Transient):
        await client.get_sign_response("0" * 32)
    assert impostor.called_home == 0
