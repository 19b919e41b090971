"""Does a system hear every event, also those that happen while it does not run, and each only once?"""

import asyncio
from contextlib import aclosing

import aio_pika
import pytest

from msign_gateway.client import ACCEPTED, READY, GatewayClient
from shared.messaging.events import routing_key
from shared.messaging.topology import EVENTS
from tests.integration.client.told import PATIENCE_S, tell

NAME = "archive"
QUEUE = f"declaratii.{NAME}"


@pytest.fixture
async def client(system_amqp_urls, commands, admin):
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as connected:
        yield connected
    await admin.queue_delete(QUEUE)


async def left_after_the_first(client):
    async with asyncio.timeout(PATIENCE_S), aclosing(client.subscribe(NAME)) as events:
        return await anext(events)


async def test_what_happens_while_nobody_listens_is_heard_later(client, system_amqp_urls, admin):
    first = await told_until_heard(client, admin)
    await tell(admin, ACCEPTED, "meanwhile")
    last = await tell(admin, READY, "last")
    async with GatewayClient.connect(system_amqp_urls["declaratii"]) as later:
        events = await take_until(later, "last")
    assert [event.data["command_id"] for event in events][-2:] == ["meanwhile", "last"]
    assert events[-1] == last
    assert first.id in {event.id for event in events}, "it was not acknowledged: its work may not be done"


async def told_until_heard(client, admin):
    """Begin to subscribe, and leave in the middle of the first event's work."""
    hearing = asyncio.create_task(left_after_the_first(client))
    while not hearing.done():
        await tell(admin, ACCEPTED, "first")
        await asyncio.wait({hearing}, timeout=0.2)
    return await hearing


async def take_until(client, command_id):
    """All events up to that command's, which alone is not acknowledged."""
    found = []
    async with asyncio.timeout(PATIENCE_S), aclosing(client.subscribe(NAME)) as events:
        async for event in events:
            found.append(event)
            if event.data["command_id"] == command_id:
                break
    return found


async def test_a_queue_that_was_made_keeps_what_happens_before_anybody_listens(client, admin):
    await client.keep(NAME)
    told = await tell(admin, ACCEPTED, "mine")
    assert await left_after_the_first(client) == told


async def test_an_event_that_is_told_twice_is_heard_once(client, admin):
    await told_until_heard(client, admin)
    event = await tell(admin, ACCEPTED, "mine")
    exchange = await admin.get_exchange(EVENTS)
    again = aio_pika.Message(event.model_dump_json().encode())
    await exchange.publish(again, routing_key(ACCEPTED, "declaratii"), mandatory=False)
    await tell(admin, READY, "last")
    heard = await take_until(client, "last")
    assert [one.id for one in heard].count(event.id) == 1
    await client.next_event("mine", timeout_s=PATIENCE_S)
    await client.next_event("last", timeout_s=PATIENCE_S)
    with pytest.raises(TimeoutError):
        await client.next_event("mine", timeout_s=0)


async def test_what_is_no_event_is_told_to_operators_and_stops_nothing(client, admin, caplog):
    await told_until_heard(client, admin)
    exchange = await admin.get_exchange(EVENTS)
    for body in (b"{", b'{"specversion": "1.0"}'):
        await exchange.publish(aio_pika.Message(body), routing_key(READY, "declaratii"), mandatory=False)
    last = await tell(admin, READY, "last")
    assert (await take_until(client, "last"))[-1] == last
    assert await client.next_event("last", timeout_s=PATIENCE_S) == last
    assert "not an event of a job" in caplog.text


async def test_a_queue_that_is_deleted_under_the_subscriber_is_made_again(client, admin):
    heard: asyncio.Queue[str] = asyncio.Queue()

    async def listen():
        async with aclosing(client.subscribe(NAME)) as events:
            async for event in events:
                heard.put_nowait(event.data["command_id"])

    async def until(command_id):
        async with asyncio.timeout(PATIENCE_S):
            while True:
                await tell(admin, ACCEPTED, command_id)
                try:
                    async with asyncio.timeout(0.3):
                        while await heard.get() != command_id:
                            pass
                        return
                except TimeoutError:
                    continue

    listening = asyncio.create_task(listen())
    await until("before")
    await admin.queue_delete(QUEUE)
    await until("after")
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)


async def test_a_queue_of_another_kind_is_an_error_and_not_a_silence(client, admin):
    await admin.declare_queue(QUEUE, durable=True)
    with pytest.raises(aio_pika.exceptions.AMQPChannelError, match="PRECONDITION_FAILED"):
        await left_after_the_first(client)
