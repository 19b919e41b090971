"""The client for systems on a real broker, as a system's own user with a system's own permissions."""

import asyncio
import json

import aio_pika
import pytest

from msign_gateway.client import ConnectionLost, GatewayClient, NotTaken
from shared.errors import Malformed
from shared.messaging.commands import SignContentData, SignRequestData
from shared.messaging.events import ACCEPTED, READY
from shared.messaging.topology import COMMANDS, SIGN_COMMANDS, declare_commands
from tests.gateway import DIGEST, RETURN_URL, sign_data
from tests.integration.client.told import PATIENCE_S, tell


@pytest.fixture
async def client(system_amqp_urls, commands):
    async with GatewayClient.connect(system_amqp_urls["declaratii"], system="declaratii") as connected:
        yield connected


async def test_a_sign_command_is_published_as_the_gateway_wants_it(client, commands):
    command_id = await client.sign(
        SignRequestData(
            content_type="Hash",
            short_description="Declarație",
            contents=[SignContentData(content=DIGEST)],
            return_url=RETURN_URL,
        )
    )
    message = await commands["sign_gateway"].get(timeout=PATIENCE_S)
    await message.ack()
    body = json.loads(message.body)
    assert message.routing_key == "sign.request.declaratii"
    assert (message.user_id, message.message_id, message.type) == ("declaratii", command_id, body["type"])
    assert message.content_type == "application/cloudevents+json"
    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (body["id"], body["source"]) == (command_id, "/systems/declaratii")
    assert SignRequestData.model_validate(body["data"]).contents[0].content == DIGEST


async def test_a_verification_command_goes_to_the_verifier_under_the_given_id(client, commands):
    command_id = await client.verify({"content_type": "Pdf", "contents": [{"signature": b"%PDF"}]}, command_id="mine")
    message = await commands["verifier"].get(timeout=PATIENCE_S)
    await message.ack()
    assert (command_id, message.message_id) == ("mine", "mine")
    assert json.loads(message.body)["data"]["contents"] == [{"signature": "JVBERg=="}]


async def test_an_event_is_found_by_its_command_and_its_type(client, admin):
    await tell(admin, ACCEPTED, "other")
    await tell(admin, ACCEPTED, "mine")
    ready = await tell(admin, READY, "mine")
    assert await client.next_event("mine", types={READY}, timeout_s=PATIENCE_S) == ready
    assert (await client.next_event("mine", timeout_s=PATIENCE_S)).type == ACCEPTED


async def test_all_other_events_come_by_the_iterator(client, admin):
    told = [await tell(admin, ACCEPTED, command_id) for command_id in ("one", "two")]
    async with asyncio.timeout(PATIENCE_S):
        events = client.events()
        assert [await anext(events), await anext(events)] == told


async def test_a_system_does_not_hear_the_events_of_another(client, admin):
    await tell(admin, ACCEPTED, "theirs", system="registru")
    last = await tell(admin, ACCEPTED, "mine")
    async with asyncio.timeout(PATIENCE_S):
        assert await anext(client.events()) == last


async def test_waiting_in_vain_says_for_what(client):
    with pytest.raises(TimeoutError, match=r"no msign\.sign_response\.ready\.v1 of command mine within 0"):
        await client.next_event("mine", types={READY}, timeout_s=0)


async def test_a_command_that_no_queue_takes_is_an_error(client, admin, commands):
    await commands["sign_gateway"].unbind(COMMANDS, SIGN_COMMANDS.binding)
    try:
        with pytest.raises(NotTaken, match=r"no queue takes sign\.request\.declaratii"):
            await client.sign(sign_data())
    finally:
        await declare_commands(admin, SIGN_COMMANDS)


async def test_a_client_that_is_not_the_broker_user_is_refused_without_losing_its_error(system_amqp_urls, commands):
    url = system_amqp_urls["declaratii"]
    with pytest.raises(aio_pika.exceptions.AMQPError, match="ACCESS_REFUSED"):
        async with GatewayClient.connect(url, system="registru"):
            pass


async def test_a_lost_connection_ends_the_waiting(system_amqp_urls, commands):
    async with GatewayClient.connect(system_amqp_urls["declaratii"], system="declaratii") as client:
        waiting = asyncio.create_task(client.next_event("mine"))
        await asyncio.sleep(0)
    with pytest.raises(ConnectionLost):
        async with asyncio.timeout(PATIENCE_S):
            await waiting


async def test_a_name_that_no_system_can_have_is_refused_before_connecting():
    with pytest.raises(Malformed, match="must match"):
        async with GatewayClient.connect("amqp://nowhere.invalid/", system="*"):
            pass
