"""Many uploads, downloads and waits at once: what is held together is bounded, and no system keeps another out."""

import asyncio
import hashlib
import io
import uuid
from contextlib import asynccontextmanager

import pytest
from aiohttp import test_utils

from services.sign_gateway import http, limits
from services.sign_gateway.http import Api, create_app
from services.sign_gateway.limits import REQUEST_BYTES, Limits
from shared import pace, spool
from shared.persistence.notices import Notices
from shared.shares import Full

MINE = {"Authorization": "Bearer token-declaratii"}
THEIRS = {"Authorization": "Bearer token-registru"}
SIZE = 10_000
LARGE = 2 * http.IN_MEMORY_BYTES
ENDLESS = 32 * 1024 * 1024
"""More than lies in the buffers of both sides of a connection."""
MOST = 4 * (SIZE + REQUEST_BYTES)
"""Room for two contents of each system."""


@pytest.fixture
def allowed():
    return Limits(memory_bytes=MOST, wait_s=0.05)


@pytest.fixture
async def api(pool, links, systems, database_url, allowed):
    app = create_app(Api(pool, Notices(database_url), links, allowed), systems)
    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        yield client


class Upload:
    """A content of which the first half is sent, and the rest once it may."""

    def __init__(self, api, headers, size=SIZE, *, told=True):
        self._go_on, self._size = asyncio.Event(), size
        self.began = asyncio.Event()
        length = {"Content-Length": str(size)} if told else {}
        self.answer = asyncio.create_task(api.put("/contents", data=self._body(), headers=headers | length))

    async def _body(self):
        yield uuid.uuid4().bytes * (self._size // 32)
        self.began.set()
        await self._go_on.wait()
        yield b"x" * (self._size - self._size // 32 * 16)

    async def end(self):
        self._go_on.set()
        return await self.answer


async def began(*uploads):
    for upload in uploads:
        await upload.began.wait()
    await asyncio.sleep(0.1)


async def held_off(response):
    assert response.status == 503
    assert response.headers["Retry-After"] == str(http.RETRY_AFTER_S)
    said = (await response.json())["error"]
    assert said["field"] == "request"
    return said["message"]


async def test_a_system_that_uploads_all_that_it_may_is_held_off_and_another_is_not(api):
    mine = [Upload(api, MINE), Upload(api, MINE)]
    await began(*mine)
    told = await held_off(await api.put("/contents", data=b"y" * SIZE, headers=MINE))
    assert "no room for declaratii" in told
    assert (await api.put("/contents", data=b"z" * SIZE, headers=THEIRS)).status == 201
    assert [(await upload.end()).status for upload in mine] == [201, 201]
    assert (await api.put("/contents", data=b"y" * SIZE, headers=MINE)).status == 201


async def test_who_waits_comes_in_when_another_upload_ends(api, allowed, monkeypatch):
    monkeypatch.setattr(allowed._incoming, "_wait_s", 60)
    first, second = Upload(api, MINE), Upload(api, MINE)
    await began(first, second)
    third = asyncio.create_task(api.put("/contents", data=b"y" * SIZE, headers=MINE))
    await asyncio.sleep(0.1)
    assert not third.done()
    await first.end()
    assert (await third).status == 201
    await second.end()


async def with_room(ask):
    """Ask until there is room: the server hears a moment later of who has left."""
    for _ in range(600):
        answer = await ask()
        if answer.status != 503:
            return answer
        await asyncio.sleep(0.1)
    pytest.fail("there was no room for a minute")


@pytest.mark.parametrize(("told", "counts_as"), [(True, LARGE), (False, 64 * 1024 * 1024)])
async def test_contents_too_large_for_memory_share_the_disk(pool, links, systems, database_url, told, counts_as):
    few = Limits(disk_bytes=2 * counts_as, wait_s=0.05)
    app = create_app(Api(pool, Notices(database_url), links, few), systems)

    async def put(headers, size):
        return (await client.put("/contents", data=io.BytesIO(b"y" * size), headers=headers)).status

    async with test_utils.TestClient(test_utils.TestServer(app)) as client:
        one = Upload(client, MINE, LARGE, told=told)
        await began(one)
        assert await put(MINE, LARGE) == 503
        assert await put(MINE, 10) == 201
        assert await put(THEIRS, LARGE) == 201
        assert (await one.end()).status == 201
        assert await put(MINE, LARGE) == 201


async def test_an_upload_that_was_broken_off_or_refused_keeps_no_room(api):
    for _ in range(5):
        upload = Upload(api, MINE)
        await upload.began.wait()
        upload.answer.cancel()
        await asyncio.wait({upload.answer})
        assert (await api.put("/contents", data=b"", headers=MINE)).status == 400
    assert (await with_room(lambda: api.put("/contents", data=b"y" * SIZE, headers=MINE))).status == 201


@pytest.mark.parametrize("reason", ["pause", "rate"])
async def test_a_body_that_does_not_come_is_not_waited_for(api, monkeypatch, reason):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.2)
    if reason == "rate":
        monkeypatch.setattr(pace, "SLOWEST_BYTES_PER_S", 1e9)
    upload = Upload(api, MINE)
    answer = await upload.answer
    assert (answer.status, (await answer.json())["error"]) == (408, {"field": "body", "message": "comes too slowly"})
    assert answer.headers["Connection"] == "close"


async def test_a_body_that_comes_slowly_but_steadily_is_taken(api, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 0.5)
    monkeypatch.setattr(pace, "SLOWEST_BYTES_PER_S", 1)

    async def body():
        for _ in range(8):
            yield b"x"
            await asyncio.sleep(0.1)

    assert (await api.put("/contents", data=body(), headers=MINE)).status == 201


async def stored(api, headers, size):
    body = b"x" * size
    assert (await api.put("/contents", data=io.BytesIO(body), headers=headers)).status == 201
    return f"/contents/sha256:{hashlib.sha256(body).hexdigest()}"


async def test_readers_who_take_nothing_are_bounded_and_let_go(pool, links, systems, database_url, monkeypatch):
    monkeypatch.setattr(pace, "LONGEST_PAUSE_S", 1.0)
    few = Limits(memory_bytes=2 * (limits.PIECE_BYTES + REQUEST_BYTES), wait_s=0.05)
    app = create_app(Api(pool, Notices(database_url), links, few), systems)
    async with test_utils.TestClient(test_utils.TestServer(app)) as api:
        mine, theirs = await stored(api, MINE, ENDLESS), await stored(api, THEIRS, 1000)
        slow = await api.get(mine, headers=MINE)
        assert slow.status == 200
        await held_off(await api.get(mine, headers=MINE))
        assert (await api.get(theirs, headers=THEIRS)).status == 200
        assert (await with_room(lambda: api.head(mine, headers=MINE))).status == 200
        slow.close()


async def test_only_so_many_wait_for_jobs(api, monkeypatch, allowed):
    monkeypatch.setattr(allowed._waiting, "_each", 2)
    path = f"/jobs/{uuid.uuid4()}"
    waiting = [asyncio.create_task(api.get(f"{path}?wait_s=1", headers=MINE)) for _ in range(2)]
    await asyncio.sleep(0.3)
    assert "as many requests under way" in await held_off(await api.get(f"{path}?wait_s=1", headers=MINE))
    assert (await api.get(path, headers=MINE)).status == 404
    assert (await api.get(f"{path}?wait_s=0.01", headers=THEIRS)).status == 404
    assert [(await one).status for one in waiting] == [404, 404]
    assert (await api.get(f"{path}?wait_s=0.01", headers=MINE)).status == 404


async def in_memory_at_once(limits, size, *, system="declaratii"):
    async with limits.upload(system, size, in_memory_bytes=http.IN_MEMORY_BYTES) as at_once:
        return at_once


async def test_of_one_system_one_upload_of_a_mebibyte_is_in_memory_and_the_next_goes_by_a_file(monkeypatch):
    monkeypatch.setattr(limits, "WHOLE_WAIT_S", 0.05)
    whole, large = http.IN_MEMORY_BYTES - 1, http.IN_MEMORY_BYTES
    mine = Limits()
    async with mine.upload("declaratii", whole, in_memory_bytes=http.IN_MEMORY_BYTES) as at_once:
        assert at_once == http.IN_MEMORY_BYTES
        assert await in_memory_at_once(mine, whole) == spool.PIECE_BYTES
        assert await in_memory_at_once(mine, whole, system="registru") == http.IN_MEMORY_BYTES
    assert await in_memory_at_once(mine, whole) == http.IN_MEMORY_BYTES
    assert await in_memory_at_once(mine, large) == spool.PIECE_BYTES


async def test_an_upload_waits_for_its_turn_to_stay_in_memory():
    mine, whole = Limits(), http.IN_MEMORY_BYTES - 1
    async with mine.upload("declaratii", whole, in_memory_bytes=http.IN_MEMORY_BYTES):
        next_one = asyncio.create_task(in_memory_at_once(mine, whole))
        await asyncio.sleep(0)
    assert await next_one == http.IN_MEMORY_BYTES


async def test_an_upload_that_goes_by_a_file_keeps_no_more_memory_from_others_than_that_takes(monkeypatch):
    monkeypatch.setattr(limits, "WHOLE_WAIT_S", 0.05)
    few, whole = Limits(memory_bytes=4 * (spool.PIECE_BYTES + REQUEST_BYTES), wait_s=0.05), http.IN_MEMORY_BYTES - 1
    async with few.upload("declaratii", whole, in_memory_bytes=http.IN_MEMORY_BYTES):
        async with few.upload("declaratii", whole, in_memory_bytes=http.IN_MEMORY_BYTES) as at_once:
            assert at_once == spool.PIECE_BYTES
            with pytest.raises(Full):
                await in_memory_at_once(few, whole)
        assert await in_memory_at_once(few, whole) == spool.PIECE_BYTES


async def test_an_upload_without_its_turn_in_memory_is_stored_all_the_same(api, monkeypatch):
    body = uuid.uuid4().bytes * (http.IN_MEMORY_BYTES // 16 - 1)
    monkeypatch.setattr(limits.Limits, "upload", never_whole)
    response = await api.put("/contents", data=body, headers=MINE)
    told = await response.json()
    assert (response.status, told["ref"]) == (201, f"sha256:{hashlib.sha256(body).hexdigest()}")
    assert await (await api.get(f"/contents/{told['ref']}", headers=MINE)).read() == body


@asynccontextmanager
async def never_whole(*_, **__):
    yield spool.PIECE_BYTES
