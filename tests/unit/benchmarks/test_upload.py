"""Documents are put whole, one after the other on connections that are kept."""

import asyncio
import hashlib
import json
from contextlib import suppress

import pytest

from benchmarks.documents import upload
from benchmarks.documents.materials import Document
from benchmarks.documents.upload import open_uploads

TOO_LARGE = 500_000


@pytest.fixture
def documents(tmp_path):
    made = []
    for number, size in enumerate((10, 300_000, TOO_LARGE)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(bytes([number]) * size)
        made.append(Document(number, path, size))
    return made


@pytest.fixture
async def contents():
    """The URL of a place for documents, and the digests that came, by connection."""
    given = []

    async def take(reader, writer):
        mine: list[str] = []
        given.append(mine)
        with suppress(asyncio.IncompleteReadError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))
                mine.append(hashlib.sha256(body).hexdigest())
                said = json.dumps({"ref": f"sha256:{mine[-1]}"}).encode()
                status = b"413 Content Too Large" if len(body) == TOO_LARGE else b"201 Created"
                writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n" % (status, len(said)))
                await writer.drain()
                await asyncio.sleep(0.01)
                writer.write(said)
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/contents", given


async def test_one_after_the_other_comes_on_one_connection_and_as_many_at_once_on_others(documents, contents):
    url, given = contents
    small = documents[:2]
    digests = [hashlib.sha256(one.path.read_bytes()).hexdigest() for one in small]
    with open_uploads(url) as uploads:
        assert [await uploads.put(one) for one in small] == [f"sha256:{digest}" for digest in digests]
        assert given == [digests]
        await asyncio.gather(*map(uploads.put, small))
        assert len(given) == 2


async def test_a_refused_document_is_told_of(documents, contents):
    with open_uploads(contents[0]) as uploads, pytest.raises(RuntimeError, match="answered with 413"):
        await uploads.put(documents[2])


async def test_a_connection_that_has_rested_for_too_long_is_left(documents, contents, monkeypatch):
    monkeypatch.setattr(upload, "KEPT_S", 0)
    url, given = contents
    with open_uploads(url) as uploads:
        for one in documents[:2]:
            await uploads.put(one)
    assert [len(mine) for mine in given] == [1, 1]
