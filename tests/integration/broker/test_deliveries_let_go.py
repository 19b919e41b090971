"""Does a command take up memory once it is acknowledged?"""

import asyncio
import contextlib
import gc
import uuid

import pytest
from aio_pika import Message

from shared.messaging import broker
from shared.messaging.intake import Done, Incoming, Intake
from shared.messaging.topology import CommandQueue, declare_commands
from tests.gateway import eventually


@pytest.fixture
async def connection(amqp_url):
    async with broker.open_broker(amqp_url, name="tests") as opened:
        yield opened


async def test_nobody_holds_a_delivery_that_is_dealt_with(connection):
    queue = CommandQueue(f"test_{uuid.uuid4().hex[:8]}", "sign.request.*")
    seen = 0

    async def handle(deliveries):
        nonlocal seen
        seen += len(deliveries)
        return [Done("admitted")] * len(deliveries)

    async def none_is_held() -> bool:
        return seen == 3 and not any(isinstance(one, Incoming) for one in gc.get_objects())

    async with connection.channel(publisher_confirms=True) as channel:
        await declare_commands(channel, queue)
        task = asyncio.create_task(Intake(connection, queue, handle).run())
        try:
            for _ in range(3):
                await channel.default_exchange.publish(Message(b"{}"), queue.name)
            await eventually(none_is_held)
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await channel.queue_delete(queue.name)
            await channel.queue_delete(queue.dead)
