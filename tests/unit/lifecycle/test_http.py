"""A port that is told to rest while requests are under way."""

import asyncio

import aiohttp
import pytest
from aiohttp import web

from msign_gateway.infrastructure.ports import free_ports
from shared.lifecycle import serve_http


class Slow:
    """Answers once it may."""

    def __init__(self):
        self.asked, self.may_answer = asyncio.Event(), asyncio.Event()

    async def answer(self, request):
        self.asked.set()
        if "fail" in request.query:
            raise RuntimeError("of ours")
        await self.may_answer.wait()
        return web.Response(text="done")


@pytest.fixture
def slow():
    return Slow()


@pytest.fixture
async def served(slow):
    """The port, and its URL."""
    app, (port,) = web.Application(), free_ports(1)
    app.add_routes([web.get("/", slow.answer)])
    async with serve_http(app, host="127.0.0.1", port=port, drain_s=0.1) as opened:
        yield opened, f"http://127.0.0.1:{port}/"


async def test_it_takes_no_more_and_rests_once_the_last_answer_is_given(served, slow):
    port, url = served
    async with aiohttp.ClientSession() as first, aiohttp.ClientSession() as second:
        asking = asyncio.create_task(first.get(url))
        await slow.asked.wait()
        draining = asyncio.create_task(port.drain())
        await asyncio.sleep(0)
        with pytest.raises(aiohttp.ClientConnectorError):
            await second.get(url)
        assert not draining.done()
        slow.may_answer.set()
        async with asyncio.timeout(60):
            response = await asking
            await draining
        assert (await response.text(), response.headers["Connection"]) == ("done", "close")


async def test_with_nothing_under_way_it_rests_at_once_however_often_it_is_told(served):
    async with asyncio.timeout(60):
        await served[0].drain()
        await served[0].drain()


async def test_a_request_that_failed_is_under_way_no_more(served):
    port, url = served
    async with aiohttp.ClientSession() as http, http.get(url, params={"fail": "1"}) as response:
        assert response.status == 500
    async with asyncio.timeout(60):
        await port.drain()
