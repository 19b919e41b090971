"""What does a system have to do when its connection to the broker breaks? Nothing."""

import asyncio
import json
from urllib.parse import urlsplit, urlunsplit

import aio_pika
import pytest

from msign_gateway.client import ACCEPTED, READY, GatewayClient, Unreachable
from msign_gateway.infrastructure import open_infrastructure
from msign_gateway.infrastructure.definitions import Passwords, definitions
from shared.messaging.topology import SIGN_COMMANDS
from tests.chaos.proxy import Proxy
from tests.gateway import sign_data
from tests.integration.client.told import PATIENCE_S, tell


class OneWay(Proxy):
    """Can hold back what the server says."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.holding = False

    async def _pump(self, reader, writer):
        if writer.get_extra_info("peername")[1] == self._target[1]:
            await super()._pump(reader, writer)  # towards the server
            return
        while data := await reader.read(65536):
            if self.holding:
                await asyncio.Event().wait()
            writer.write(data)
            await writer.drain()


@pytest.fixture
async def proxy(system_amqp_urls):
    parts = urlsplit(system_amqp_urls["declaratii"])
    async with OneWay(parts.hostname, parts.port).running() as running:
        yield running


@pytest.fixture
def url(system_amqp_urls, proxy):
    parts = urlsplit(system_amqp_urls["declaratii"])
    return urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy.port}"))


@pytest.fixture
async def client(url, commands):
    async with GatewayClient.connect(url) as connected:
        yield connected


async def ids_of(queue, count):
    """The ids of that many commands, taken from the queue."""
    found = []
    async with asyncio.timeout(PATIENCE_S), queue.iterator() as messages:
        async for message in messages:
            await message.ack()
            found.append((message.message_id, json.loads(message.body)["id"]))
            if len(found) == count:
                break
    return found


async def test_an_event_that_comes_while_the_connection_is_away_is_not_lost(client, proxy, admin):
    waiting = asyncio.create_task(client.next_event("mine"))
    await asyncio.sleep(0)
    async with proxy.refused():
        told = await tell(admin, ACCEPTED, "mine")
    async with asyncio.timeout(PATIENCE_S):
        assert await waiting == told


async def test_a_command_that_is_published_while_the_connection_is_away_is_taken_when_it_is_back(
    client, proxy, commands
):
    async with proxy.refused():
        publishing = asyncio.create_task(client.sign(sign_data()))
        done, _ = await asyncio.wait({publishing}, timeout=0.3)
        assert not done
    async with asyncio.timeout(PATIENCE_S):
        command_id = await publishing
    assert await ids_of(commands["sign_gateway"], 1) == [(command_id, command_id)]


async def test_a_command_whose_confirm_was_lost_goes_out_again_under_the_same_id(client, proxy, commands):
    await client.sign(sign_data(), command_id="first")  # the channel is open: nothing else has to be answered
    assert await ids_of(commands["sign_gateway"], 1) == [("first", "first")]
    proxy.holding = True
    publishing = asyncio.create_task(client.sign(sign_data(), command_id="mine"))
    assert await ids_of(commands["sign_gateway"], 1) == [("mine", "mine")]
    proxy.holding = False
    proxy.reset()
    async with asyncio.timeout(PATIENCE_S):
        assert await publishing == "mine"
    assert await ids_of(commands["sign_gateway"], 1) == [("mine", "mine")]


async def test_after_a_while_without_a_connection_the_command_counts_as_not_taken(client, proxy):
    async with proxy.refused():
        with pytest.raises(Unreachable, match="command mine"):
            await client.sign(sign_data(), command_id="mine", timeout_s=0.5)


async def test_a_client_ends_though_the_network_has_gone_silent(url, proxy, commands):
    async with asyncio.timeout(PATIENCE_S):
        async with GatewayClient.connect(url) as client:
            await client.sign(sign_data())
            proxy.holding = True


async def test_a_broker_that_is_killed_and_started_again_costs_nobody_anything():
    made = Passwords.fresh(["declaratii"])
    async with open_infrastructure(durable=False) as private, private.broker.temporary_vhost("killed") as vhost:
        await private.broker.import_definitions(definitions(vhost, made))
        url = private.broker.url_of(vhost, "declaratii", made.systems["declaratii"])
        async with GatewayClient.connect(url) as client, asyncio.timeout(240):
            await client.sign(sign_data(), command_id="before")
            waiting = asyncio.create_task(client.next_event("mine", types={READY}))
            restarting = asyncio.create_task(private.broker.restart())
            await client.sign(sign_data(), command_id="meanwhile", timeout_s=200)
            await restarting
            async with await aio_pika.connect(private.broker.url_of(vhost)) as connection:
                channel = await connection.channel()
                told = await tell(channel, READY, "mine")
                assert await waiting == told
                queue = await channel.get_queue(SIGN_COMMANDS.name)
                assert {one for one, _ in await ids_of(queue, 2)} == {"before", "meanwhile"}
