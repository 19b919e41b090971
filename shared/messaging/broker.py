"""How does a service reach RabbitMQ, and does RabbitMQ take what it publishes?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from aio_pika import RobustConnection
from aio_pika.abc import AbstractChannel, AbstractRobustConnection
from aiormq.abc import AbstractChannel as UnderlayChannel
from yarl import URL

from shared.addresses import Address, url_of

HEARTBEAT_S = 10
"""Both sides say that often that they are there; after half a minute of silence the connection is given up."""
CONNECT_WITHIN_S = 10.0
"""How long a broker may take to answer a connection; one whose node hangs would be waited for without an end."""
RECONNECT_S = 1.0
GOODBYE_S = 2.0
"""How long an orderly end is waited for: a broker that blocks publishers does not hear it."""


class MendingConnection(RobustConnection):
    """Connects again when it breaks, each time to the URL that its address tells then."""

    def __init__(self, address: Address, *, name: str) -> None:
        self._address = address
        super().__init__(self.url, client_properties={"connection_name": name})
        self.reconnect_interval = RECONNECT_S

    @property
    def url(self) -> URL:
        """The URL of this moment."""
        return URL(url_of(self._address)).update_query(heartbeat=HEARTBEAT_S)

    @url.setter
    def url(self, url: URL) -> None:
        """Leave the address in charge: the base class sets what it was given."""


@asynccontextmanager
async def open_broker(address: Address, *, name: str) -> AsyncIterator[AbstractRobustConnection]:
    """Yield a connection that mends itself; `name` is what operators see at the broker."""
    connection = MendingConnection(address, name=name)
    await connection.connect(timeout=CONNECT_WITHIN_S)
    try:
        yield connection
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await connection.close()


@asynccontextmanager
async def open_channel(
    connection: AbstractRobustConnection, *, on_return_raises: bool = True
) -> AsyncIterator[tuple[AbstractChannel, UnderlayChannel]]:
    """Yield a channel with publisher confirms, and what carries it; `on_return_raises` is about unrouted messages.

    Once its carrier is closed, whoever uses the channel leaves this block and opens another: aio-pika restores
    channels by itself, but may leave one without its consumers after the broker was killed twice.
    """
    await connection.connected.wait()
    channel = connection.channel(publisher_confirms=True, on_return_raises=on_return_raises)
    await channel.initialize()
    try:
        yield channel, await channel.get_underlay_channel()
    finally:
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await channel.close()


async def answers(connection: AbstractRobustConnection) -> bool:
    """Tell whether the connection is up (a readiness check)."""
    return connection.connected.is_set() and not connection.is_closed


async def blocks(connection: AbstractRobustConnection) -> bool:
    """Tell whether the broker has told us to stop publishing: its memory or its disk runs short.

    It tells so at the first message that is published meanwhile, which then waits in the connection.
    """
    transport = connection.transport
    if transport is None or not await answers(connection):
        return False
    try:
        async with asyncio.timeout(0):  # either it does not wait at all, or it would wait for the end of the alarm
            await transport.ready()
    except TimeoutError:
        return True
    return False


async def takes_messages(connection: AbstractRobustConnection) -> bool:
    """Tell whether publishing makes sense now."""
    return await answers(connection) and not await blocks(connection)
