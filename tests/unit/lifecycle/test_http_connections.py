"""Who connects and says nothing, or too much at once, keeps nobody else out."""

import asyncio
import resource
import socket
from contextlib import ExitStack

import aiohttp
import pytest
from aiohttp import web

from msign_gateway.infrastructure.ports import free_ports
from shared.lifecycle import http, serve_http


async def hello(request):
    return web.Response(text="hello")


def application():
    app = web.Application()
    app.add_routes([web.get("/", hello)])
    return app


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
async def test_a_connection_that_says_nothing_more_is_closed(said):
    (port,) = free_ports(1)
    async with asyncio.timeout(60), serve_http(application(), host="127.0.0.1", port=port, idle_s=0.2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        answer = await reader.read()
        assert answer.endswith(b"hello") if said.endswith(b"\r\n\r\n") else answer == b""
        writer.close()


async def test_one_connection_more_than_there_may_be_is_closed_and_takes_no_place():
    (port,) = free_ports(1)
    async with asyncio.timeout(60), serve_http(application(), host="127.0.0.1", port=port, most_connections=2):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        for reader, writer in held:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await reader.readuntil(b"hello")
        async with aiohttp.ClientSession() as late:
            with pytest.raises(aiohttp.ClientError):
                await late.get(f"http://127.0.0.1:{port}/")
            held[0][1].close()
            await held[0][1].wait_closed()
            await asyncio.sleep(0.1)
            async with late.get(f"http://127.0.0.1:{port}/") as answer:
                assert answer.status == 200
        held[1][1].close()


async def test_connections_leave_half_of_the_file_descriptors_to_the_service(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda _: (4, 4))
    monkeypatch.setattr(http, "MOST_CONNECTIONS", 100)
    (port,) = free_ports(1)
    async with asyncio.timeout(60), serve_http(application(), host="127.0.0.1", port=port):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
        assert await held[2][0].read() == b""
        for _, writer in held:
            writer.close()


async def test_what_is_no_http_is_logged_without_what_was_in_it(caplog):
    (port,) = free_ports(1)
    async with asyncio.timeout(60), serve_http(application(), host="127.0.0.1", port=port):
        for said in (b"Authorization: Bearer s3cret", b"Cookie: s3cret\0", b"s3cret\r\n", b"X: " + b"s3cret" * 10_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" + said + b"\r\nContent-Length: x\r\n\r\n")
            assert b" 400 " in await reader.readline()
            writer.close()
    assert len(caplog.records) == 4
    assert {(record.levelname, record.exc_info) for record in caplog.records} == {("INFO", None)}
    assert "s3cret" not in caplog.text


async def test_an_error_of_ours_is_logged_with_its_trace(caplog):
    async def fail(_):
        raise RuntimeError("of ours")

    app = application()
    app.add_routes([web.get("/fail", fail)])
    (port,) = free_ports(1)
    async with (
        serve_http(app, host="127.0.0.1", port=port),
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/fail") as answer,
    ):
        assert answer.status == 500
    assert "RuntimeError: of ours" in caplog.text


async def test_hundreds_may_come_at_one_moment():
    (port,) = free_ports(1)
    async with serve_http(application(), host="127.0.0.1", port=port):
        with ExitStack() as held:
            for _ in range(300):  # nobody is let in meanwhile
                held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
