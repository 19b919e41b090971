"""callback_web as a process that is told to stop while browsers wait."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import pytest

from msign_gateway.demo.environment import inherited
from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import Child, end, start
from services.msign.consumers import Consumer
from services.msign.soap.endpoint import Endpoint, create_api_app
from shared.contract.models import SignResponse
from shared.lifecycle import serve_http
from shared.persistence import jobs
from shared.persistence.job import Job
from shared.signing.states import State
from tests.gateway import KEY, eventually
from tests.integration.callback.browsing import DECLINED, FRONTEND, query_of


@dataclass
class SlowMSign:
    """Says that users declined, once it is let."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    async def get_sign_response(self, consumer: Consumer, request_id: str, language: str | None) -> SignResponse:
        self.asked.set()
        await self.may_answer.wait()
        return DECLINED


@dataclass
class Callback:
    """The process, and a browser before it."""

    child: Child
    url: str
    ops_url: str
    browser: aiohttp.ClientSession

    async def ready(self) -> bool:
        self.child.must_run()
        with suppress(aiohttp.ClientError):
            async with self.browser.get(f"{self.ops_url}/readyz") as response:
                return response.status == 200
        return False

    async def takes_connections(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", int(self.url.rpartition(":")[2]))
        except ConnectionRefusedError:
            return False
        writer.close()
        return True

    async def not_ready_and_closed(self) -> bool:
        return not await self.ready() and not await self.takes_connections()

    async def come_back(self, job: Job, relay_state: str) -> aiohttp.ClientResponse:
        form = {"RequestID": job.request_id, "RelayState": relay_state}
        return await self.browser.post(f"{self.url}/return", data=form, allow_redirects=False)


@pytest.fixture
async def slow() -> AsyncIterator[tuple[SlowMSign, str]]:
    msign, (port,) = SlowMSign(), free_ports(1)
    endpoint = Endpoint(msign, None, everybody=Consumer(id=1, name="tests"))  # type: ignore[arg-type]
    async with serve_http(
        create_api_app(endpoint, max_body_bytes=1 << 20), host="127.0.0.1", port=port, drain_s=0.1
    ):  # fmt: skip
        yield msign, f"http://127.0.0.1:{port}/MSign.svc"


@pytest.fixture
async def run(broker, vhost, passwords, database_url, slow, tmp_path: Path):
    """Starts the process with so much time to drain."""
    ops, http = free_ports(2)
    children: list[Child] = []
    async with aiohttp.ClientSession() as browser:

        async def started(drain_s: float) -> Callback:
            settings = {
                "OPS_PORT": str(ops),
                "HTTP_PORT": str(http),
                "AMQP_URL": broker.url_of(vhost, "callback_web", passwords.services["callback_web"]),
                "DATABASE_URL": database_url,
                "MSIGN_API_URL": slow[1],
                "MSIGN_FRONTEND_URL": FRONTEND,
                "PUBLIC_URL": "https://sign.example",
                "LINK_SECRET": KEY,
                "DRAIN_S": str(drain_s),
            }
            command = [sys.executable, "-m", "services.callback_web"]
            log = tmp_path / "callback_web.log"
            children.append(start("callback_web", command, log=log, environment=inherited() | settings))
            callback = Callback(children[0], f"http://127.0.0.1:{http}", f"http://127.0.0.1:{ops}", browser)
            await eventually(callback.ready)
            return callback

        yield started
    end(children)


async def state_of(job, pool):
    found = await jobs.get(pool, job.job_id)
    assert found is not None
    return found.state


async def test_who_waits_when_it_stops_is_told_the_outcome_and_nobody_else_is_let_in(run, slow, post, links, pool):
    callback, job = await run(drain_s=60), await post()
    waiting = asyncio.create_task(callback.come_back(job, links.relay_state(job.job_id)))
    await slow[0].asked.wait()
    callback.child.ask_to_stop()
    await eventually(callback.not_ready_and_closed)
    assert not waiting.done()
    slow[0].may_answer.set()
    assert dict(query_of(await waiting))["status"] in {"Failure", "Pending"}  # on a slow machine it takes too long
    await asyncio.to_thread(callback.child.finish, 60)
    assert callback.child.exit_code == 0
    assert await state_of(job, pool) is State.FAILED


async def test_what_is_not_done_in_time_is_left_to_the_poller(run, slow, post, links, pool, tmp_path):
    callback, job = await run(drain_s=6), await post()
    waiting = asyncio.create_task(callback.come_back(job, links.relay_state(job.job_id)))
    await slow[0].asked.wait()
    callback.child.ask_to_stop()
    assert dict(query_of(await waiting))["status"] == "Pending"
    await asyncio.to_thread(callback.child.finish, 60)
    assert callback.child.exit_code == 0
    assert await state_of(job, pool) is State.AWAITING_SIGNER
    said = (tmp_path / "callback_web.log").read_text()
    assert "drain_ran_out_of_time" in said
    assert "Traceback" not in said
    assert "never retrieved" not in said
