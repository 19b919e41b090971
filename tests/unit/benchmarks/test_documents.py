"""The stub of documents answers with the signed copy of what was posted, which ours and the peer find good."""

import asyncio
import base64

import pytest

from benchmarks.documents import bench
from benchmarks.documents.checked import covers
from benchmarks.documents.contenders import ours, peers
from benchmarks.documents.materials import make
from benchmarks.documents.stub import TITLE, Answers, Connection
from shared.contract.models import ContentType
from shared.signatures.binding import bind

FOLLOWED = b"<a:ShortContentDescription>%b</a:ShortContentDescription></request>"


def request(body):
    return b"POST /0/MSign.svc HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def answer_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    return await reader.readexactly(int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0]))


def between(text, name):
    return text.partition(b"<%b>" % name)[2].partition(b"</%b>" % name)[0]


@pytest.fixture
async def made(tmp_path):
    return await make(tmp_path, [1000, 400_000])


@pytest.fixture
async def connection(made, tmp_path):
    answers = Answers([tmp_path / f"answer-{document.number}.xml" for document in made])
    ended = asyncio.Event()

    class Watched(Connection):
        def connection_lost(self, exc):
            super().connection_lost(exc)
            ended.set()

    server = await asyncio.get_running_loop().create_server(lambda: Watched(answers), "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        yield reader, writer
        writer.close()
        await writer.wait_closed()
        await ended.wait()


async def test_a_posted_document_comes_back_signed_on_the_same_connection(made, connection):
    reader, writer = connection
    for document in made:
        content = document.path.read_bytes()
        title = TITLE.format(number=document.number).encode()
        writer.write(request(b"<a:Content>" + base64.b64encode(content) + b"</a:Content>" + FOLLOWED % title))
        request_id = between(await answer_of(reader), b"PostSignRequestResult")
        writer.write(request(b"<requestID>%b</requestID>" % request_id))
        signed = base64.b64decode(between(await answer_of(reader), b"Signature"))
        assert bind(ContentType.PDF, content, signed).covers
        assert await asyncio.to_thread(covers, signed)
        assert not await asyncio.to_thread(covers, signed.replace(content[200:300], bytes(100)))


async def test_a_request_may_come_in_any_pieces(connection):
    reader, writer = connection
    for piece in (b"POST /0/MSign.svc HTTP/1.1\r\nContent-Le", b"ngth: 9\r\n\r", b"\n<no", b"thing/", b">"):
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0.01)
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400")


async def test_what_is_no_request_is_refused(connection):
    reader, writer = connection
    writer.write(request(b"<nothing/>"))
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 400")


def test_the_peer_that_checks_is_always_there_and_the_other_for_references():
    assert [one.checks for one in peers(checked_only=True)] == ["integrity, coverage"]
    assert [one.checks for one in peers(checked_only=False)] == ["integrity, coverage", "nothing"]
    assert "signer" in ours().checks


def test_what_a_megabyte_costs_is_told_of_each_and_of_all():
    costs = bench._costs({"in": 10.0, "out": 20.0, "stub": 4.0, "load": 6.0}, ["in", "out"], 2.0)
    assert costs == {
        "all_cpu_ms_per_mb": 20.0,
        "service_cpu_ms_per_mb": 15.0,
        "stub_cpu_ms_per_mb": 2.0,
        "load_cpu_ms_per_mb": 3.0,
    }


def test_there_are_documents_enough_for_each_setting():
    for settings in (bench.FULL, bench.QUICK):
        widest = {one.size: one.count for one in bench._widest(settings)}
        assert all(widest[one.size] >= one.count for one in settings)
