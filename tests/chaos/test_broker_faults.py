"""The broker blocks publishers, or cancels a consumer: what waits, what goes on, and do operators see why?"""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import aio_pika
import aiohttp
import asyncpg
import pytest

from shared.messaging.topology import SIGN_COMMANDS
from tests.chaos.crowd import Act, Crowd, Ledger, Order, orders
from tests.chaos.system import Replica, System
from tests.gateway import eventually

PATIENCE_S = 60
JOBS = 6

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def crowd_of(system: System) -> AsyncIterator[tuple[Crowd, Ledger]]:
    ledger = Ledger()
    crowd = Crowd(system, ledger, random.Random(1))
    async with crowd.present():
        yield crowd, ledger
        assert await ledger.settled(PATIENCE_S)
    assert (ledger.duplicated, ledger.unexpected) == ([], [])


def signed() -> list[Order]:
    return [replace(order, act=Act.SIGN, repeated=False) for order in orders(JOBS, random.Random(1))]


async def asked(replica: Replica, path: str) -> tuple[int, dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{replica.ops_port}/{path}") as response,
    ):
        return response.status, await response.json()


async def asked_of_database(system: System, question: str) -> Any:
    connection = await asyncpg.connect(system.database_url)
    try:
        return await connection.fetchval(question)
    finally:
        await connection.close()


@pytest.mark.parametrize("what", ["memory", pytest.param("disk", marks=pytest.mark.thorough)])
async def test_while_the_broker_blocks_publishers_events_wait_and_everybody_can_see_why(
    system: System, what: str
) -> None:
    (gateway,) = system.of("sign_gateway")
    if system.infrastructure.broker.control is None:
        pytest.skip("a given broker is not ours to alarm")

    async def warned() -> bool:
        return (await asked(gateway, "readyz"))[1]["warnings"] == ["broker blocks publishers"]

    async def all_taken_in() -> bool:
        return bool(await asked_of_database(system, f"SELECT count(*) = {JOBS} FROM jobs WHERE finished_at IS NULL"))

    async with crowd_of(system) as (crowd, ledger):
        async with system.msign.refused():
            for order in signed():
                await crowd.publish(order)
            await eventually(all_taken_in, within_s=PATIENCE_S)
            alarm = system.infrastructure.broker.alarm(what)
            await alarm.__aenter__()
        try:
            await eventually(warned, within_s=PATIENCE_S)
            assert (await asked(gateway, "livez"))[0] == 200
            assert (await asked(gateway, "readyz"))[0] == 200
            await eventually(lambda: said(system, gateway, "relay_waits_for_broker"))
            assert await ended(gateway) == 0
            system.start(gateway)
            await system.ready()
            assert len(ledger.open) == JOBS
        finally:
            await alarm.__aexit__(None, None, None)


async def test_a_consumer_that_the_broker_cancels_consumes_again_and_is_not_ready_meanwhile(system: System) -> None:
    (gateway,) = system.of("sign_gateway")

    async def not_consuming() -> bool:
        status, body = await asked(gateway, "readyz")
        return status == 503 and not body["checks"]["consumer"]

    async with (
        crowd_of(system) as (crowd, _),
        await aio_pika.connect(system.infrastructure.broker.url_of(system.vhost)) as connection,
        connection.channel() as channel,
    ):
        await channel.queue_delete(SIGN_COMMANDS.name)
        await eventually(not_consuming)
        await system.ready()
        for order in signed():
            await crowd.publish(order)
    assert await said(system, gateway, "consumer_cancelled_by_broker")


@pytest.mark.thorough
async def test_after_a_broker_that_was_killed_twice_the_same_processes_consume_and_publish(system: System) -> None:
    if not system.infrastructure.broker.can_restart:
        pytest.skip("a given broker is not ours to kill")
    before = [replica.child and replica.child.pid for replica in system.replicas]
    for _ in range(2):
        await system.infrastructure.broker.restart()
    await system.ready()
    async with crowd_of(system) as (crowd, _):
        for order in signed():
            await crowd.publish(order)
    assert [replica.child and replica.child.pid for replica in system.replicas] == before


async def said(system: System, replica: Replica, what: str) -> bool:
    return what in (system.folder / f"{replica.service}-{replica.number}.log").read_text()


async def ended(replica: Replica) -> int | None:
    """The exit code of a replica that is asked to end."""
    child = replica.child
    assert child is not None
    child.ask_to_stop()

    async def gone() -> bool:
        return child.exit_code is not None

    await eventually(gone)
    return child.exit_code
