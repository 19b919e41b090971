"""The broker and the database come from containers where a setting wants it so, or nothing else is there."""

from collections.abc import Callable

import asyncpg
import pytest

from msign_gateway.infrastructure import open_infrastructure
from msign_gateway.infrastructure.choice import FORCE, Origin
from msign_gateway.infrastructure.definitions import Passwords, definitions
from msign_gateway.infrastructure.errors import InfrastructureError
from shared.messaging.topology import COMMAND_QUEUES
from shared.persistence.migrate import migrate


async def test_a_broker_and_a_database_in_containers_can_be_administered(
    image_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AMQP_URL", raising=False)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv(FORCE, Origin.CONTAINERS)
    monkeypatch.setenv("MSIGN_RABBITMQ_IMAGE", image_of("rabbitmq"))
    monkeypatch.setenv("MSIGN_POSTGRES_IMAGE", image_of("postgres"))
    async with open_infrastructure() as opened:
        assert {opened.broker_origin, opened.database_origin} == {Origin.CONTAINERS}
        async with opened.broker.temporary_vhost("containers") as vhost, opened.database.owned("gateway") as database:
            await opened.broker.import_definitions(definitions(vhost, Passwords.fresh(["declaratii"])))
            queues = {queue["name"] for queue in await opened.broker.call("GET", f"queues/{vhost}")}
            assert {queue.name for queue in COMMAND_QUEUES} <= queues
            await migrate(database.url)
            connection = await asyncpg.connect(database.url)
            assert await connection.fetchval("SELECT count(*) FROM jobs") == 0
            await connection.close()


async def test_an_image_that_is_not_to_be_had_is_named(engine: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FORCE, Origin.CONTAINERS)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    monkeypatch.setenv("MSIGN_POSTGRES_IMAGE", "localhost:9/nowhere:1")
    with pytest.raises(InfrastructureError, match="localhost:9/nowhere:1"):
        async with open_infrastructure():
            pass
