"""How does a service reach RabbitMQ?"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aio_pika import RobustConnection
from aio_pika.abc import AbstractRobustConnection
from yarl import URL

from shared.addresses import Address, url_of

HEARTBEAT_S = 30


class MendingConnection(RobustConnection):
    """Connects again when it breaks, each time to the URL that its address tells then."""

    def __init__(self, address: Address, *, name: str) -> None:
        self._address = address
        super().__init__(self.url, client_properties={"connection_name": name})

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
    await connection.connect()
    async with connection:
        yield connection


async def answers(connection: AbstractRobustConnection) -> bool:
    """Tell whether the connection is up (a readiness check)."""
    return connection.connected.is_set() and not connection.is_closed
