"""Large contents over HTTP: they come in and go out piece by piece, whole or not at all."""

import asyncio
import hashlib
import io
import os

import aiohttp
import asyncpg
import pytest
from aiohttp import test_utils

from services.sign_gateway.http import Api, create_app
from shared.errors import Bug
from shared.persistence import contents
from shared.persistence.notices import Notices
from shared.spool import PIECE_BYTES

MINE = {"Authorization": "Bearer token-declaratii"}
LARGE = b"%PDF-1.7\n" + os.urandom(5 * PIECE_BYTES)
REF = f"sha256:{hashlib.sha256(LARGE).hexdigest()}"


@pytest.fixture
async def api(pool, database_url, links, systems):
    app = create_app(Api(pool, Notices(database_url), links), systems)
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


async def in_pieces(body):
    for start in range(0, len(body), 50_000):
        yield body[start : start + 50_000]


@pytest.mark.parametrize("told", [True, False])
async def test_a_large_content_comes_back_byte_for_byte(api, told):
    headers = MINE | ({"Content-Length": str(len(LARGE))} if told else {})
    stored = await api.put("/contents", data=in_pieces(LARGE), headers=headers)
    assert (stored.status, await stored.json()) == (201, {"ref": REF, "size": len(LARGE)})
    fetched = await api.get(f"/contents/{REF}", headers=MINE)
    assert fetched.content_length == len(LARGE)
    assert await fetched.read() == LARGE


async def test_a_contents_size_can_be_asked_for_alone(api):
    await api.put("/contents", data=io.BytesIO(LARGE), headers=MINE)
    for _ in range(2):
        asked = await api.head(f"/contents/{REF}", headers=MINE)
        assert (asked.status, asked.headers["Content-Length"]) == (200, str(len(LARGE)))


async def test_the_same_content_may_come_in_several_times_at_once(api, pool):
    answers = await asyncio.gather(*(api.put("/contents", data=in_pieces(LARGE), headers=MINE) for _ in range(4)))
    assert [answer.status for answer in answers] == [201] * 4
    assert await pool.fetchval("SELECT count(*) FROM contents") == 1


async def test_an_upload_that_breaks_off_leaves_nothing(api, pool):
    reader, writer = await asyncio.open_connection("127.0.0.1", api.port)
    head = f"PUT /contents HTTP/1.1\r\nHost: x\r\nAuthorization: {MINE['Authorization']}\r\n"
    writer.write(f"{head}Content-Length: {len(LARGE)}\r\n\r\n".encode() + LARGE[:-1])
    await writer.drain()
    writer.transport.abort()
    await reader.read()
    assert (await api.put("/contents", data=b"another", headers=MINE)).status == 201
    assert await pool.fetch("SELECT octet_length(body) AS size FROM contents") == [(len(b"another"),)]
    assert await pool.fetchval("SELECT count(*) FROM content_pages") == 0


@pytest.mark.parametrize("error", [asyncpg.InterfaceError("connection is closed"), Bug("the content is gone")])
async def test_a_content_that_cannot_be_read_to_its_end_is_broken_off(api, monkeypatch, error):
    async def breaking(*_):
        yield LARGE[:PIECE_BYTES]
        raise error

    await api.put("/contents", data=io.BytesIO(LARGE), headers=MINE)
    with monkeypatch.context() as patched:
        patched.setattr(contents, "pieces", breaking)
        with pytest.raises(aiohttp.ClientError):
            await (await api.get(f"/contents/{REF}", headers=MINE)).read()
    assert await (await api.get(f"/contents/{REF}", headers=MINE)).read() == LARGE
