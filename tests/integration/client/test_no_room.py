"""What does a system see when the broker has no room for its command?"""

import asyncio

import pytest

from msign_gateway.client import GatewayClient, Refused
from shared.messaging.topology import SIGN_COMMANDS
from tests.gateway import sign_data
from tests.integration.client.told import PATIENCE_S

MANY = 100


@pytest.fixture
async def small(broker, vhost, commands):
    """A command queue with room for a few commands only; empty at the end."""
    path = f"policies/{vhost}/small"
    policy = {
        "pattern": f"^{SIGN_COMMANDS.name}$",
        "definition": {"max-length": 5},
        "priority": 9,
        "apply-to": "queues",
    }
    await broker.call("PUT", path, policy)
    yield commands["sign_gateway"]
    await commands["sign_gateway"].purge()
    await broker.call("DELETE", path)


async def until_refused(client):
    for _ in range(MANY):
        await client.sign(sign_data(), timeout_s=1)


async def test_a_full_queue_refuses_after_a_while_and_takes_the_command_when_there_is_room(system_amqp_urls, small):
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Refused, match="no room"):
            await until_refused(client)
        publishing = asyncio.create_task(client.sign(sign_data(), command_id="mine"))
        await small.purge()
        assert await publishing == "mine"
