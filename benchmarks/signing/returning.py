"""How soon after a user's return is the result out? From the browser's POST to the `ready` event.

MSign's own time to answer is taken off. Whoever posted the jobs is ended before, so that our poller does not fetch a
result before the user comes for it. After a few users first as many returns at once as browsers may be waiting, then
half that rate.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

import aiohttp
import orjson

from benchmarks.cases import Case, Measures, Role
from benchmarks.signing import contenders
from benchmarks.signing.contenders import DURABLE, SERVICE, Contender
from benchmarks.signing.latency import percentiles
from benchmarks.signing.load import READY, Load, arrivals, open_loop
from benchmarks.signing.stage import Program, Set, Stage, meter, new_set, our_settings, running
from msign_gateway.infrastructure.ports import free_ports
from shared.keys import Keyring
from shared.signing.links import Links

BROWSERS = 20
AGAIN_S = 0.5
HALF = 0.5
WARM_UP_USERS = 10
MAIN = "ready_per_s"

Jobs = Sequence[tuple[str, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Way:
    """Who takes users back: `posted_by` has their jobs accepted before, `program` takes them at a port.

    `relay_state` is what a user brings of a job besides its RequestID.
    """

    name: str
    role: Role
    checks: str
    posted_by: Contender
    program: Callable[[Stage, Set, int], Program]
    relay_state: Callable[[str], str]


def cases(stage: Stage, delay_ms: int, users: int) -> list[Case]:
    """Return a case for each way: half of the users come back as fast as they can, and half at half that rate."""
    return [_case(stage, way, delay_ms, users) for way in _ways()]


def _ways() -> list[Way]:
    links = Links(Keyring("b" * 40), "http://sign.example")
    ours = contenders.ours(BROWSERS)
    ways = [Way("callback_web", Role.OURS, "coverage, signer", ours, _ours, lambda job: links.relay_state(UUID(job)))]
    for peer in contenders.peers([BROWSERS])[:1]:
        by_hand = _simple("benchmarks.signing.returning_by_hand")
        ways.append(Way("aiohttp, zeep, asyncpg, aio-pika", Role.PEER, "nothing", peer, by_hand, str))
        floor = _simple("benchmarks.signing.returning_floor")
        ways.append(Way("operations alone", Role.FLOOR, "nothing", peer, floor, str))
    return ways


def _ours(stage: Stage, one: Set, port: int) -> Program:
    (ops_port,) = free_ports(1)
    settings = our_settings(stage, one, "callback_web", ops_port, port)
    return Program(SERVICE, "services.callback_web", settings, f"http://127.0.0.1:{ops_port}/readyz")


def _simple(module: str) -> Callable[[Stage, Set, int], Program]:
    def program(_: Stage, one: Set, port: int) -> Program:
        environment = {
            "AMQP_URL": one.amqp_urls["callback_web"],
            "DATABASE_URL": one.database_url,
            "MSIGN_API_URL": one.msign_url,
            "HTTP_PORT": str(port),
        }
        return Program(SERVICE, module, environment, f"http://127.0.0.1:{port}/readyz")

    return program


def _case(stage: Stage, way: Way, delay_ms: int, users: int) -> Case:
    async def run() -> Measures:
        return await _run(stage, way, delay_ms, users)

    setting = f"MSign answers after {delay_ms} ms"
    conditions = DURABLE | {"calls at once": f"{BROWSERS} browsers", "checks": way.checks}
    return Case("returning", setting, way.name, way.role, MAIN, run, conditions)


async def _run(stage: Stage, way: Way, delay_ms: int, users: int) -> Measures:
    (port,) = free_ports(1)
    async with new_set(stage, delay_ms=delay_ms, migrated=way.posted_by.migrated) as one:
        async with running(stage, one, way.posted_by.programs(stage, one)):
            jobs = await _accepted(one.load, users + WARM_UP_USERS)
        async with running(stage, one, [way.program(stage, one, port)]) as pids, _browsers() as http:
            come_back = _returns(one, http, port, jobs, way.relay_state)
            await _at_once(come_back, WARM_UP_USERS, BROWSERS)
            costs, begun, fast = meter(pids), time.monotonic(), users // 2
            await _at_once(come_back, fast, BROWSERS)
            rate = fast / (time.monotonic() - begun)
            taken = {f"{name}_cpu_ms_per_job": ms / fast for name, ms in costs.taken_ms().items()}
            moments = arrivals(rate * HALF, users / rate, random.Random())  # noqa: S311
            took = await open_loop(come_back, moments[: users - fast])
    p50, p95, p99 = (each - delay_ms for each in percentiles(took))
    return {MAIN: rate, "p50_beyond_msign_ms": p50, "p95_beyond_msign_ms": p95, "p99_beyond_msign_ms": p99} | taken


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
    one: Set, http: aiohttp.ClientSession, port: int, jobs: Jobs, relay_state: Callable[[str], str]
) -> Callable[[], Awaitable[None]]:
    """Return what lets the next user come back; it is done when the system has heard of the result."""
    left = iter(jobs)

    async def come_back() -> None:
        command_id, said = next(left)
        ready = one.load.event(READY, command_id)
        form = {"RequestID": said["request_id"], "RelayState": relay_state(said["job_id"])}
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
            raise RuntimeError(f"a return was answered with {answer.status}")
        return answer.status == 303


async def _at_once(work: Callable[[], Awaitable[None]], times: int, at_once: int) -> None:
    places = asyncio.Semaphore(at_once)

    async def placed() -> None:
        async with places:
            await work()

    async with asyncio.TaskGroup() as group:
        for _ in range(times):
            group.create_task(placed())
