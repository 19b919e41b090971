"""A broker as the gateway sets it up, without a gateway."""

import aio_pika
import pytest

from shared.messaging.topology import SIGN_COMMANDS, VERIFICATION_COMMANDS, declare_commands


@pytest.fixture
async def admin(amqp_url):
    """An administrator's channel."""
    async with await aio_pika.connect(amqp_url) as connection:
        yield await connection.channel(publisher_confirms=True)


@pytest.fixture
async def commands(admin, passwords):
    """The two command queues, empty, by the name of their service."""
    queues = {queue.service: await declare_commands(admin, queue) for queue in (SIGN_COMMANDS, VERIFICATION_COMMANDS)}
    for queue in queues.values():
        await queue.purge()
    yield queues
    for queue in queues.values():
        await queue.purge()
