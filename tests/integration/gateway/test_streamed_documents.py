"""A document that is read only while it is sent: it arrives whole, or MSign has not got the request."""

import asyncio
import base64
from collections.abc import AsyncIterator

import asyncpg
import pytest

from shared.contract.client import MSignClient
from shared.contract.envelope import Document
from shared.contract.models import ContentType, SignContent, SignRequest
from shared.contract.transport import NotDone
from shared.errors import Malformed
from tests.integration.gateway.breaking import BreakingMSign, Talk, http, well

REQUEST = SignRequest(
    content_type=ContentType.PDF, short_content_description="Act", contents=(SignContent(content=b""),)
)
PIECE = b"%PDF-1.7 " * 20_000


@pytest.fixture
async def server() -> AsyncIterator[BreakingMSign]:
    async with BreakingMSign().running(None) as running:
        yield running


@pytest.fixture
async def client(server: BreakingMSign) -> AsyncIterator[MSignClient]:
    async with MSignClient.connect(url=f"http://127.0.0.1:{server.port}/MSign.svc", timeout_s=60) as connected:
        yield connected


def breaking_with(error: Exception) -> Document:
    async def pieces() -> AsyncIterator[bytes]:
        yield PIECE
        raise error

    return Document(2 * len(PIECE), pieces)


async def test_a_document_arrives_whole(server, client):
    bodies = []

    async def keep(talk: Talk) -> None:
        bodies.append(await talk.reader.readexactly(await talk.head()))
        await talk.say(b"".join(talk.answer()))

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield PIECE

    server.points = [keep]
    assert await client.post_sign_request(REQUEST, {0: Document(10 * len(PIECE), pieces)}) == "request-1"
    (body,) = bodies
    assert base64.b64encode(PIECE * 10) in body


@pytest.mark.parametrize(
    "error",
    [asyncpg.InterfaceError("connection is closed"), ConnectionResetError(), TimeoutError(), ValueError("a bug")],
    ids=lambda error: type(error).__name__,
)
async def test_a_document_that_cannot_be_read_to_its_end_leaves_nothing_posted(server, client, error):
    got = asyncio.get_running_loop().create_future()

    async def count(talk: Talk) -> None:
        length = await talk.head()
        got.set_result((length, len(await talk.reader.read(-1))))

    server.points = [count, well]
    with pytest.raises(NotDone):
        await client.post_sign_request(REQUEST, {0: breaking_with(error)})
    length, came = await got
    assert came < length
    assert await client.post_sign_request(REQUEST, {}) == "request-1"


async def test_an_answer_that_comes_before_the_end_ends_the_reading_of_the_document(server, client):
    read = 0

    async def pieces() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(500):
            read += 1
            yield PIECE

    async def refuse(talk: Talk) -> None:
        await talk.head()
        await talk.say(http(413, "text/html", 0))
        await talk.hang()

    server.points = [refuse, well]
    with pytest.raises(Malformed):
        await client.post_sign_request(REQUEST, {0: Document(500 * len(PIECE), pieces)})
    assert read < 500
    assert await client.post_sign_request(REQUEST, {}) == "request-1"
