"""Is a broker that takes connections and says nothing left alone after a while, and found again when it talks?"""

import asyncio

import pytest

from msign_gateway.client import line
from msign_gateway.client.line import Line
from shared.messaging import broker

WITHIN_S = 20


@pytest.fixture
async def silent():
    """The URL of a broker that takes connections, and what tells that it took one."""
    taken, connected = asyncio.Event(), []

    async def say_nothing(reader, writer):
        connected.append(writer)
        taken.set()
        await reader.read()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    yield f"amqp://u:p@127.0.0.1:{server.sockets[0].getsockname()[1]}/", taken
    server.close()
    for writer in connected:
        writer.transport.abort()


async def test_a_service_finds_its_broker_again_after_one_that_said_nothing(amqp_url, silent, monkeypatch):
    monkeypatch.setattr(broker, "CONNECT_WITHIN_S", 0.5)
    monkeypatch.setattr(broker, "RECONNECT_S", 0.1)
    url, taken = silent
    where = [amqp_url]
    async with broker.open_broker(lambda: where[0], name="tests") as connection:
        where[0] = url
        assert connection.transport
        await connection.transport.connection.close(ConnectionResetError("the network broke"))
        async with asyncio.timeout(WITHIN_S):
            await taken.wait()
            where[0] = amqp_url
            await connection.connected.wait()
            async with broker.open_channel(connection):
                pass


async def test_a_client_does_so_too(amqp_url, silent, monkeypatch):
    monkeypatch.setattr(line, "CONNECT_WITHIN_S", 0.5)
    url, taken = silent
    where = [amqp_url]
    async with Line(lambda: where[0], name="tests") as client:
        where[0] = url
        assert client._connection
        await client._connection.close()
        async with asyncio.timeout(WITHIN_S):
            opening = asyncio.create_task(client.channel())
            await taken.wait()
            where[0] = amqp_url
            await (await opening).close()
