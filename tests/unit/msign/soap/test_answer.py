import base64
from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestClient, TestServer
from lxml import etree

from services.msign.responses import StoredBytes, StoredResponse, StoredResult
from services.msign.soap.answer import Parts, send, write_answer
from shared.contract import wsdl
from shared.contract.models import SignStatus

PATH = ".//{https://msign.gov.md}"


def stored(*pieces: bytes, size: int | None = None) -> StoredBytes:
    async def read() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    return StoredBytes(sum(map(len, pieces)) if size is None else size, read)


def response(*signatures: bytes | StoredBytes | None) -> StoredResponse:
    results = tuple(
        StoredResult(correlation_id=str(number), certificate=b"der", signature=one)
        for number, one in enumerate(signatures)
    )
    return StoredResponse(status=SignStatus.SUCCESS, results=results)


async def sent(parts: Parts) -> tuple[bytes, int]:
    """What a client gets, and the Content-Length that it was told."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await send(request, parts)

    app = web.Application()
    app.router.add_get("/", answer)
    async with TestClient(TestServer(app)) as client, client.get("/") as got:
        return await got.read(), int(got.headers["Content-Length"])


def test_a_pending_answer_has_empty_results():
    (envelope,) = write_answer("GetSignResponse", StoredResponse(status=SignStatus.PENDING))
    assert isinstance(envelope, bytes)
    answer = etree.fromstring(envelope)
    (results,) = answer.iterfind(PATH + "Results")
    assert len(results) == 0
    assert answer.findtext(PATH + "Status") == "Pending"


@pytest.mark.parametrize(
    "signatures",
    [(), (b"small",), (None,), (stored(b"a" * 10, b"b" * 7),), (stored(b"1", b"2", b"3", b"4"), b"small", stored()),
     tuple(stored(bytes([number]) * number) for number in range(70))],
)  # fmt: skip
async def test_what_follows_stands_where_it_belongs(signatures):
    answer, told = await sent(write_answer("GetSignResponse", response(*signatures)))
    assert told == len(answer)
    root = etree.fromstring(answer)
    (element,) = root.iterfind(PATH + "GetSignResponseResponse")
    wsdl.schema().assertValid(element)
    found = [base64.b64decode(one.text or "") for one in root.iterfind(PATH + "Signature")]
    assert found == [await whole(one) for one in signatures if one is not None]


async def whole(signature: bytes | StoredBytes) -> bytes:
    return signature if isinstance(signature, bytes) else b"".join([piece async for piece in signature.pieces()])


async def test_an_answer_that_cannot_be_completed_is_cut_off():
    async def read() -> AsyncIterator[bytes]:
        yield b"x" * 3_000_000
        raise ConnectionError("the database is away")

    parts = write_answer("GetSignResponse", response(StoredBytes(6_000_000, read)))
    with pytest.raises(ClientPayloadError):
        await sent(parts)
