"""What does a system see when the broker has no room for its command?"""

import asyncio

import pytest

from msign_gateway.client import GatewayClient, Refused, Unroutable
from shared.messaging.topology import SIGN_COMMANDS
from tests.gateway import sign_data
from tests.integration.client.told import PATIENCE_S

MANY = 100
POLICY = "policies/{}/small"


@pytest.fixture
async def small(broker, vhost, commands):
    """A command queue with room for a few commands only; empty at the end."""
    path = POLICY.format(vhost)
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


@pytest.fixture
async def silenced(broker, vhost, passwords):
    """The system may no longer publish commands."""
    path = f"permissions/{vhost}/declaratii"
    before = await broker.call("GET", path)
    own = {"configure": before["configure"], "read": before["read"], "write": r"^declaratii[._-].*$"}
    await broker.call("PUT", path, own)
    yield
    await broker.call("PUT", path, {right: before[right] for right in ("configure", "read", "write")})


async def until_refused(client):
    for _ in range(MANY):
        await client.sign(sign_data(), timeout_s=3)


async def test_a_full_queue_refuses_after_a_while_and_takes_the_command_when_there_is_room(system_amqp_urls, small):
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Refused, match="no room"):
            await until_refused(client)
        publishing = asyncio.create_task(client.sign(sign_data(), command_id="mine"))
        await small.purge()
        assert await publishing == "mine"


async def test_room_that_an_operator_makes_is_found(system_amqp_urls, small, broker, vhost):
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Refused):
            await until_refused(client)
        await broker.call("DELETE", POLICY.format(vhost))
        assert await client.sign(sign_data(), command_id="mine") == "mine"
        await broker.call("PUT", POLICY.format(vhost), {"pattern": "^nothing$", "definition": {"max-length": 5}})


async def test_a_system_that_may_not_publish_is_told_at_once(system_amqp_urls, commands, silenced):
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as client, asyncio.timeout(PATIENCE_S):
        with pytest.raises(Unroutable, match="ACCESS_REFUSED"):
            await client.sign(sign_data())
