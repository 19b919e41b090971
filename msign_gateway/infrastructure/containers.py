"""How do RabbitMQ and PostgreSQL run where only a Docker engine is? With testcontainers.

The images are settings: `MSIGN_RABBITMQ_IMAGE` (one with the management plugin) and `MSIGN_POSTGRES_IMAGE`.
"""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import asyncpg

from msign_gateway.infrastructure.broker import Broker
from msign_gateway.infrastructure.database import Database
from msign_gateway.infrastructure.errors import InfrastructureError

RABBITMQ_IMAGE = "rabbitmq:4-management"
POSTGRES_IMAGE = "postgres:17"
ADMINISTRATOR = "administrator"
START_S = 180


def docker_answers() -> bool:
    """Tell whether a Docker engine can be reached."""
    try:
        import docker  # type: ignore[import-untyped]  # noqa: PLC0415 - only this way needs it
    except ImportError:
        return False
    if not _somebody_listens(os.environ.get("DOCKER_HOST", docker.constants.DEFAULT_UNIX_SOCKET)):
        return False
    try:
        client = docker.from_env(timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()
    except docker.errors.DockerException:
        return False


def _somebody_listens(host: str) -> bool:
    """Tell whether there is somebody to ask; of other than local sockets, the client itself has to find out."""
    if not host.startswith("unix:") and not host.startswith("http+unix:"):
        return True
    with socket.socket(socket.AF_UNIX) as asking:
        return asking.connect_ex("/" + host.partition(":")[2].lstrip("/")) == 0


@asynccontextmanager
async def rabbitmq_container() -> AsyncIterator[Broker]:
    """Run a broker in a container; yields its administration."""
    password = secrets.token_urlsafe(24)
    variables = {"RABBITMQ_DEFAULT_USER": ADMINISTRATOR, "RABBITMQ_DEFAULT_PASS": password}
    image = os.environ.get("MSIGN_RABBITMQ_IMAGE", RABBITMQ_IMAGE)
    async with _container(image, variables, (5672, 15672, 15692)) as (host, ports):
        user = f"{ADMINISTRATOR}:{quote(password)}"
        broker = Broker(f"amqp://{user}@{host}:{ports[0]}/", f"http://{host}:{ports[1]}", metrics=f"{host}:{ports[2]}")
        await broker.until_ready(START_S)
        yield broker


@asynccontextmanager
async def postgres_container() -> AsyncIterator[Database]:
    """Run a database server in a container; yields its administration."""
    password = secrets.token_urlsafe(24)
    variables = {"POSTGRES_USER": ADMINISTRATOR, "POSTGRES_PASSWORD": password, "POSTGRES_DB": "postgres"}
    image = os.environ.get("MSIGN_POSTGRES_IMAGE", POSTGRES_IMAGE)
    async with _container(image, variables, (5432,)) as (host, ports):
        database = Database(f"postgresql://{ADMINISTRATOR}:{password}@{host}:{ports[0]}/postgres")
        await _until_ready(database)
        yield database


async def _until_ready(database: Database) -> None:
    try:
        async with asyncio.timeout(START_S):
            while True:
                try:
                    await database.check()
                except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                    await asyncio.sleep(0.2)
                else:
                    return
    except TimeoutError:
        raise InfrastructureError(f"PostgreSQL's container was not ready within {START_S} s") from None


@asynccontextmanager
async def _container(
    image: str, variables: dict[str, str], ports: tuple[int, ...]
) -> AsyncIterator[tuple[str, list[int]]]:
    container = await asyncio.to_thread(_start, image, variables, ports)
    try:
        yield container.get_container_host_ip(), [int(container.get_exposed_port(port)) for port in ports]
    finally:
        await asyncio.to_thread(container.stop)


def _start(image: str, variables: dict[str, str], ports: tuple[int, ...]) -> Any:
    import docker  # noqa: PLC0415
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    container = DockerContainer(image).with_exposed_ports(*ports)
    for name, value in variables.items():
        container = container.with_env(name, value)
    try:
        return container.start()
    except docker.errors.DockerException as error:
        raise InfrastructureError(f"a container of {image} cannot be started: {error}") from error
