"""How does one get a broker and a database, wherever they come from?"""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from msign_gateway.infrastructure import containers, packages, postgres, rabbitmq
from msign_gateway.infrastructure.broker import Broker
from msign_gateway.infrastructure.choice import FORCE, Machine, Origin, choose
from msign_gateway.infrastructure.database import Database
from msign_gateway.infrastructure.errors import InfrastructureError
from msign_gateway.infrastructure.place import private_place

BROKER_START_S = 60


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """A broker and a database, each with where it comes from."""

    broker: Broker
    broker_origin: Origin
    database: Database
    database_origin: Origin


def _nobody_listens(_: str) -> None:
    """Swallow progress reports."""


@asynccontextmanager
async def open_infrastructure(
    *, durable: bool = True, report: Callable[[str], None] = _nobody_listens
) -> AsyncIterator[Infrastructure]:
    """Yield a broker and a database for as long as the block lasts, installing and starting what is needed.

    Without `durable`, a private database does not wait for the disk (tests). `report` gets a line per step.
    Raises `InfrastructureError`. Call it from the main thread (see `processes.start`).
    """
    installable = packages.can_install()
    has_broker, has_programs = rabbitmq.find_server() is not None, postgres.find_programs() is not None
    docker = False
    if os.environ.get(FORCE) == Origin.CONTAINERS or not (installable or (has_broker and has_programs)):
        docker = await asyncio.to_thread(containers.docker_answers)
    broker_origin = choose("RabbitMQ", "AMQP_URL", os.environ, Machine(has_broker, installable, docker))
    database_origin = choose("PostgreSQL", "DATABASE_URL", os.environ, Machine(has_programs, installable, docker))
    async with AsyncExitStack() as stack:
        directory = stack.enter_context(private_place())
        report(_sentence("PostgreSQL", database_origin, installed=has_programs))
        database = await stack.enter_async_context(_database(database_origin, directory, durable=durable))
        report(_sentence("RabbitMQ", broker_origin, installed=has_broker))
        broker = await stack.enter_async_context(_broker(broker_origin, directory))
        yield Infrastructure(broker, broker_origin, database, database_origin)


def _sentence(what: str, origin: Origin, *, installed: bool) -> str:
    return {
        Origin.GIVEN: f"{what}: the given one",
        Origin.NATIVE: f"{what}: a private instance" + ("" if installed else " (installing it first)"),
        Origin.CONTAINERS: f"{what}: a container",
    }[origin]


def _broker(origin: Origin, directory: Path) -> AbstractAsyncContextManager[Broker]:
    return {
        Origin.GIVEN: _given_broker,
        Origin.NATIVE: lambda: rabbitmq.native_rabbitmq(directory),
        Origin.CONTAINERS: containers.rabbitmq_container,
    }[origin]()


def _database(origin: Origin, directory: Path, *, durable: bool) -> AbstractAsyncContextManager[Database]:
    return {
        Origin.GIVEN: _given_database,
        Origin.NATIVE: lambda: postgres.native_postgres(directory, durable=durable),
        Origin.CONTAINERS: containers.postgres_container,
    }[origin]()


@asynccontextmanager
async def _given_broker() -> AsyncIterator[Broker]:
    broker = Broker.given(
        os.environ["AMQP_URL"], os.environ.get("AMQP_MANAGEMENT_URL"), os.environ.get("AMQP_METRICS") or None
    )
    try:
        await broker.until_ready(BROKER_START_S)
    except InfrastructureError as error:
        hint = f"tried {broker.management_url}; name another with AMQP_MANAGEMENT_URL"
        raise InfrastructureError(f"AMQP_URL: the broker's management API does not answer ({hint})") from error
    yield broker


@asynccontextmanager
async def _given_database() -> AsyncIterator[Database]:
    database = Database(os.environ["DATABASE_URL"])
    await database.until_given()
    yield database
