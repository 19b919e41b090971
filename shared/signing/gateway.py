"""What do the three gateway services open at their start, each in the same order?"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import asyncpg
from aio_pika.abc import AbstractRobustConnection

from shared.contract.client import MSignClient
from shared.lifecycle import Service
from shared.messaging import broker
from shared.messaging.intake import Handler, Intake
from shared.messaging.relay import Relay
from shared.messaging.topology import CommandQueue
from shared.persistence import pool as pools
from shared.persistence.events import Taker
from shared.persistence.notices import Notices
from shared.signing.breaker import Breaker
from shared.signing.settings import GatewaySettings
from shared.signing.watching import show


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway service's connections; its outbox relay is running over `connection`, and nothing consumes there.

    A broker that is short of memory or disk stops whole connections that publish: none that consumes may be among them.
    """

    pool: asyncpg.Pool
    connection: AbstractRobustConnection
    client: MSignClient
    notices: Notices
    breaker: Breaker
    taker: Taker
    """The relay, as whoever commits events knows it."""


@asynccontextmanager
async def open_gateway(settings: GatewaySettings, service: Service) -> AsyncIterator[Gateway]:
    """Yield the connections, with their readiness checks registered."""
    async with AsyncExitStack() as stack:
        database, amqp = settings.database_address(), settings.amqp_address()
        pool = await stack.enter_async_context(pools.open_pool(database))
        connection = await stack.enter_async_context(broker.open_broker(amqp, name=f"{service.name} events"))
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
        service.warn_when("broker blocks publishers", lambda: broker.blocks(connection))
        service.spawn(notices.run(), "notices")
        relay = Relay(connection, pool, notices)
        service.spawn(relay.run(), "relay")
        yield Gateway(pool, connection, client, notices, Breaker(), relay.handed)


@asynccontextmanager
async def open_intake(
    settings: GatewaySettings, service: Service, queue: CommandQueue, handle: Handler
) -> AsyncIterator[None]:
    """Run the intake of `queue` over a connection of its own; it is a part of readiness, and drains first."""
    async with broker.open_broker(settings.amqp_address(), name=f"{service.name} commands") as connection:
        intake = Intake(connection, queue, handle)
        service.ready_when("consumer", intake.answers)
        service.on_drain(intake.stop)
        service.spawn(intake.run(), "intake")
        yield
