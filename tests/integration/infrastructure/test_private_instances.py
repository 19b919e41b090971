from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aio_pika
import asyncpg
import pytest
from aio_pika.abc import AbstractIncomingMessage, AbstractQueue
from aiormq.exceptions import ChannelAccessRefused

from msign_gateway.infrastructure import Broker, Database
from msign_gateway.infrastructure.definitions import Passwords, definitions
from msign_gateway.infrastructure.errors import InfrastructureError
from shared.messaging.topology import COMMANDS, EVENTS, SIGN_COMMANDS, VERIFICATION_COMMANDS, declare_commands

HOLDER = """
import asyncio, sys
from msign_gateway.infrastructure.processes import start
from pathlib import Path
child = start("sleeper", ["sleep", "600"], log=Path(sys.argv[1]), environment={"PATH": "/usr/bin:/bin"})
print(child.pid, flush=True)
sys.stdin.read()
"""


async def test_services_find_the_shipped_queues_exactly_as_they_declare_them(amqp_url: str, passwords: Passwords):
    async with await aio_pika.connect(amqp_url) as connection:
        channel = await connection.channel()
        declared = [await declare_commands(channel, queue) for queue in (SIGN_COMMANDS, VERIFICATION_COMMANDS)]
    assert [queue.name for queue in declared] == ["sign_gateway.commands", "verifier.commands"]


@pytest.mark.parametrize("service", ["sign_gateway", "verifier"])
async def test_a_service_may_declare_its_own_queues(broker: Broker, vhost: str, passwords: Passwords, service: str):
    queue = {"sign_gateway": SIGN_COMMANDS, "verifier": VERIFICATION_COMMANDS}[service]
    url = broker.url_of(vhost, service, passwords.services[service])
    async with await aio_pika.connect(url) as connection:
        declared = await declare_commands(await connection.channel(), queue)
    assert declared.name == queue.name


async def test_a_system_may_not_publish_commands_of_another(system_amqp_urls: dict[str, str]):
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection:
        channel = await connection.channel()
        commands = await channel.get_exchange(COMMANDS)
        with pytest.raises(ChannelAccessRefused):
            await commands.publish(aio_pika.Message(b"{}"), "sign.request.registru")


async def test_a_system_may_publish_its_own_commands(amqp_url: str, system_amqp_urls: dict[str, str]):
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection:
        channel = await connection.channel()
        commands = await channel.get_exchange(COMMANDS)
        await commands.publish(aio_pika.Message(b"{}", user_id="declaratii"), "sign.request.declaratii")
    async with await aio_pika.connect(amqp_url) as connection:
        queue = await (await connection.channel()).get_queue(SIGN_COMMANDS.name)
        message = await queue.get(no_ack=True)
    assert (message.routing_key, message.user_id) == ("sign.request.declaratii", "declaratii")


@pytest.mark.parametrize("key", ["#", "*.*.*", "sign_response.ready.registru", "sign_response.ready.#"])
async def test_a_system_may_not_bind_events_of_others(system_amqp_urls: dict[str, str], key: str):
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("declaratii.inbox", durable=False, auto_delete=True)
        with pytest.raises(ChannelAccessRefused):
            await queue.bind(EVENTS, key)


async def test_a_system_may_bind_all_its_own_events(system_amqp_urls: dict[str, str]):
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection:
        channel = await connection.channel()
        queue = await channel.declare_queue("declaratii.events", durable=False, auto_delete=True)
        await queue.bind(EVENTS, "*.*.declaratii")


async def test_a_system_may_not_read_the_queue_of_a_service(system_amqp_urls: dict[str, str]):
    async with await aio_pika.connect(system_amqp_urls["declaratii"]) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(SIGN_COMMANDS.name, ensure=False)
        with pytest.raises(ChannelAccessRefused):
            await queue.get()


async def test_the_shipped_policy_bounds_only_subscriber_queues(broker: Broker):
    async with broker.temporary_vhost("msign-policy") as vhost:
        wanted = definitions(vhost, Passwords({}))
        wanted["policies"][0]["definition"] = {"max-length": 1, "overflow": "drop-head"}
        await broker.import_definitions(wanted)
        async with await aio_pika.connect(broker.url_of(vhost)) as connection:
            channel = await connection.channel()
            inbox = await channel.declare_queue("registru.inbox", durable=True)
            commands = await channel.get_queue(SIGN_COMMANDS.name)
            for queue in (inbox, commands):
                for body in (b"older", b"newer"):
                    await channel.default_exchange.publish(aio_pika.Message(body), queue.name)
            kept = [[message.body for message in await drained(queue)] for queue in (inbox, commands)]
    assert kept == [[b"newer"], [b"older", b"newer"]]


async def drained(queue: AbstractQueue) -> list[AbstractIncomingMessage]:
    messages = []
    while (message := await queue.get(no_ack=True, fail=False)) is not None:
        messages.append(message)
    return messages


async def test_a_copied_database_has_the_tables_of_its_template(database_url: str):
    connection = await asyncpg.connect(database_url)
    try:
        assert await connection.fetchval("SELECT count(*) FROM schema_migrations") > 0
    finally:
        await connection.close()


async def test_a_temporary_database_is_gone_afterwards_whoever_is_connected(database: Database):
    async with database.temporary("short") as url:
        connection = await asyncpg.connect(url)
    with pytest.raises(asyncpg.InvalidCatalogNameError):
        await Database(url).check()
    connection.terminate()


async def test_a_child_dies_with_a_parent_that_is_killed(tmp_path: Path):
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        HOLDER,
        str(tmp_path / "log"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    watch = os.pidfd_open(pid)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_reader(watch, ended.set)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    async with asyncio.timeout(60):
        await ended.wait()
    asyncio.get_running_loop().remove_reader(watch)
    os.close(watch)


async def test_a_private_database_comes_back_however_many_are_connected(database: Database):
    clients = [await asyncpg.connect(database.url) for _ in range(20)]
    if not database.can_restart:
        with pytest.raises(InfrastructureError, match="not ours"):
            await database.restart()
    else:
        for _ in range(2):
            await database.restart()
            await database.check()
    for client in clients:
        client.terminate()
