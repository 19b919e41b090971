"""How does a service reach RabbitMQ?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractRobustConnection

HEARTBEAT_S = 30


@asynccontextmanager
async def open_broker(url: str, *, name: str) -> AsyncIterator[AbstractRobustConnection]:
    """Yield a connection that mends itself; `name` is what operators see at the broker."""
    connection = await aio_pika.connect_robust(url, heartbeat=HEARTBEAT_S, client_properties={"connection_name": name})
    async with connection:
        yield connection


async def answers(connection: AbstractRobustConnection) -> bool:
    """Tell whether the connection is up (a readiness check)."""
    return connection.connected.is_set() and not connection.is_closed
