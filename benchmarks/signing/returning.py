"""How soon after a user's return is the result out? From the browser's POST to `callback_web` to the `ready` event.

MSign's own time to answer is taken off. `sign_gateway` is ended before, so that its poller does not fetch a
result before the user comes for it. First as many returns at once as browsers may be waiting, then half that rate.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

import aiohttp
import orjson

from benchmarks.cases import Case, Measures, Role
from benchmarks.signing.contenders import DURABLE, SERVICE
from benchmarks.signing.latency import percentiles
from benchmarks.signing.load import READY, Load, arrivals, open_loop
from benchmarks.signing.stage import Program, Set, Stage, meter, new_set, our_settings, running
from msign_gateway.infrastructure.ports import free_ports
from shared.keys import Keyring
from shared.signing.links import Links

BROWSERS = 20
AGAIN_S = 0.5
HALF = 0.5
MAIN = "ready_per_s"


def case(stage: Stage, delay_ms: int, users: int) -> Case:
    """Return the case of so many users, half of whom come back as fast as they can, and half at half that rate."""

    async def run() -> Measures:
        return await _run(stage, delay_ms, users)

    setting = f"MSign answers after {delay_ms} ms"
    conditions = DURABLE | {"calls at once": f"{BROWSERS} browsers"}
    return Case("returning", setting, "callback_web", Role.OURS, MAIN, run, conditions)


async def _run(stage: Stage, delay_ms: int, users: int) -> Measures:
    web_ops, web_port, ops_port, http_port = free_ports(4)
    async with new_set(stage, delay_ms=delay_ms, migrated=True) as one:
        gateway = _program("sign_gateway", our_settings(stage, one, "sign_gateway", ops_port, http_port))
        async with running(stage, one, [gateway]):
            jobs = await _accepted(one.load, users)
        web = _program("callback_web", our_settings(stage, one, "callback_web", web_ops, web_port))
        async with running(stage, one, [web]) as pids, _browsers() as http:
            come_back = _returns(one, http, web_port, jobs)
            costs, begun, fast = meter(pids), time.monotonic(), users // 2
            await _at_once(come_back, fast, BROWSERS)
            rate = fast / (time.monotonic() - begun)
            taken = {f"{name}_cpu_ms_per_job": ms / fast for name, ms in costs.taken_ms().items()}
            moments = arrivals(rate * HALF, users / rate, random.Random())  # noqa: S311
            took = await open_loop(come_back, moments[: users - fast])
    p50, p95, p99 = (each - delay_ms for each in percentiles(took))
    return {MAIN: rate, "p50_beyond_msign_ms": p50, "p95_beyond_msign_ms": p95, "p99_beyond_msign_ms": p99} | taken


def _program(service: str, settings: dict[str, str]) -> Program:
    return Program(SERVICE, f"services.{service}", settings, f"http://127.0.0.1:{settings['OPS_PORT']}/readyz")


def _browsers() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def _accepted(load: Load, users: int) -> list[tuple[str, dict[str, str]]]:
    """Have so many jobs accepted; returns their commands' ids with what the events say."""
    found: list[tuple[str, dict[str, str]]] = []

    async def sign() -> None:
        command_id, event = await load.sign()
        found.append((command_id, orjson.loads(event)["data"]))

    await _at_once(sign, users, BROWSERS)
    return found


def _returns(
    one: Set, http: aiohttp.ClientSession, port: int, jobs: Sequence[tuple[str, dict[str, str]]]
) -> Callable[[], Awaitable[None]]:
    """Return what lets the next user come back; it is done when the system has heard of the result."""
    links, left = Links(Keyring("b" * 40), "http://sign.example"), iter(jobs)

    async def come_back() -> None:
        command_id, said = next(left)
        ready = one.load.event(READY, command_id)
        form = {"RequestID": said["request_id"], "RelayState": links.relay_state(UUID(said["job_id"]))}
        url = f"http://127.0.0.1:{port}/return"
        while not await _sent_on(http, url, form):  # noqa: ASYNC110 - the answer says to try again
            await asyncio.sleep(AGAIN_S)
        status = orjson.loads(await ready)["data"]["status"]
        if status != "Success":
            raise RuntimeError(f"a job ended with {status}")

    return come_back


async def _sent_on(http: aiohttp.ClientSession, url: str, form: dict[str, str]) -> bool:
    """Post as the browser does; False when it is to be tried again."""
    async with http.post(url, data=form, allow_redirects=False) as answer:
        if answer.status not in (303, 503):
            raise RuntimeError(f"callback_web answered {answer.status}")
        return answer.status == 303


async def _at_once(work: Callable[[], Awaitable[None]], times: int, at_once: int) -> None:
    places = asyncio.Semaphore(at_once)

    async def placed() -> None:
        async with places:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(times):
            group.create_task(placed())
