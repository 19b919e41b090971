"""What do the three gateway services open at their start, each in the same order?"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aio_pika.abc import AbstractRobustConnection

from shared.contract.client import MSignClient
from shared.lifecycle import Service
from shared.messaging import broker
from shared.messaging.relay import Relay
from shared.persistence import pool as pools
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.settings import GatewaySettings
from shared.signing.watching import show


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway service's connections; its outbox relay is running."""

    pool: asyncpg.Pool
    connection: AbstractRobustConnection
    client: MSignClient
    notices: Notices
    breaker: Breaker


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, service: Service) -> AsyncIterator[Gateway]:
    """Yield the connections, with their readiness checks registered."""
    async with AsyncExitStack() as stack:
        database, amqp = settings.database_address(), settings.amqp_address()
        pool = await stack.enter_async_context(pools.open_pool(database))
        connection = await stack.enter_async_context(broker.open_broker(amqp, name=service.name))
        client = await stack.enter_async_context(
            MSignClient.connect(
                url=settings.msign_api_url,
                client_cert=settings.msign_client_cert,
                client_key=settings.msign_client_key,
                ca_bundle=settings.msign_ca_bundle,
                timeout_s=settings.msign_timeout_s,
                traced=settings.msign_trace_headers,
            )
        )
        show(settings, service.name, pool)
        notices = Notices(database)
        service.ready_when("database", lambda: pools.answers(pool))
        service.ready_when("broker", lambda: broker.answers(connection))
        service.spawn(notices.run(), "notices")
        service.spawn(Relay(connection, pool, notices).run(), "relay")
        yield Gateway(pool, connection, client, notices, Breaker())
