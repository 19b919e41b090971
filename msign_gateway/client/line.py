"""How does a system's connection to the broker stay up? It is made anew, by whoever needs it next, when it ended."""

import asyncio
import logging
import random
from contextlib import suppress
from types import TracebackType
from typing import Self

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from yarl import URL

from msign_gateway.client.errors import LOST
from shared.addresses import Address, url_of

HEARTBEAT_S = 10
CONNECT_WITHIN_S = 10.0
GOODBYE_S = 3.0
"""How long a client that ends waits for a broker that does not answer."""
PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Between the tries to connect; the last one again and again."""

log = logging.getLogger(__name__)


def pause_s(tries: int) -> float:
    """Return how long to wait after so many failed tries: growing, and spread by half so that clients part."""
    return PAUSES_S[min(tries, len(PAUSES_S) - 1)] * random.uniform(0.5, 1.0)  # noqa: S311 - no secret


class Line:
    """A connection to the broker at `address`, which is asked anew each time; `name` is what operators see there."""

    def __init__(self, address: Address, *, name: str) -> None:
        self._address = address
        self._name = name
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        """Connect, once; raises aio-pika's errors and `OSError`."""
        self._connection = await self._connect()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._connection is not None:
            with suppress(*LOST):
                async with asyncio.timeout(GOODBYE_S):
                    await self._connection.close()

    @property
    def is_up(self) -> bool:
        """Whether there is a connection now."""
        return self._connection is not None and _is_up(self._connection)

    async def channel(self, *, confirms: bool = False) -> AbstractChannel:
        """Return a new channel; waits for the connection, for ever. With `confirms`, returned messages raise.

        Raises one of `LOST` when the connection ends just then.
        """
        connection = await self._up()
        channel = connection.channel(publisher_confirms=confirms, on_return_raises=confirms)
        await channel.initialize()
        return channel

    async def _up(self) -> AbstractConnection:
        async with self._connecting:
            tries = 0
            while self._connection is None or not _is_up(self._connection):
                try:
                    self._connection = await self._connect()
                except LOST as error:
                    log.warning("no connection to the broker: %s", type(error).__name__)
                    await asyncio.sleep(pause_s(tries))
                    tries += 1
            return self._connection

    async def _connect(self) -> AbstractConnection:
        url = URL(url_of(self._address)).update_query(heartbeat=HEARTBEAT_S)
        return await aio_pika.connect(url, client_properties={"connection_name": self._name}, timeout=CONNECT_WITHIN_S)


def _is_up(connection: AbstractConnection) -> bool:
    return connection.connected.is_set() and not connection.is_closed
