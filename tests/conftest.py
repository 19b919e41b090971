"""Which broker and databases do the tests run on? Private ones, started once per session when a test asks."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from msign_gateway.infrastructure import Broker, Database, Infrastructure, open_infrastructure
from msign_gateway.infrastructure.definitions import Passwords, definitions
from shared.persistence.migrate import MIGRATIONS, migrate
from tests.side_by_side import pytest_xdist_auto_num_workers, pytest_xdist_make_scheduler

__all__ = ["pytest_xdist_auto_num_workers", "pytest_xdist_make_scheduler"]

ROOT = Path(__file__).parent.parent
MSIGN_MIGRATIONS = ROOT / "services" / "msign" / "migrations"
SYSTEMS = ("declaratii", "registru")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job: what the tests start should hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast a busy machine is says nothing. And what one run finds, each run of the same code shall find: chance belongs
# to whoever looks for faults (`--hypothesis-profile=searching`), not to whoever wants to know whether a change is good.
busy = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", busy, derandomize=True)
settings.register_profile("searching", busy, max_examples=5000)
settings.load_profile("same")

session = pytest_asyncio.fixture(scope="session", loop_scope="session")


@session
async def infrastructure() -> AsyncIterator[Infrastructure]:
    """A broker and a database server for the whole session."""
    async with open_infrastructure(durable=False) as opened:
        yield opened


@session
async def undisturbed() -> AsyncIterator[Infrastructure]:
    """Others, for whole systems, whose users of the broker have the names of those that `passwords` makes."""
    async with open_infrastructure(durable=False) as opened:
        yield opened


@session
async def broker(infrastructure: Infrastructure) -> Broker:
    """The broker's administration: virtual hosts, users, definitions."""
    return infrastructure.broker


@session
async def database(infrastructure: Infrastructure) -> Database:
    """The database server's administration."""
    return infrastructure.database


@session
async def vhost(broker: Broker) -> AsyncIterator[str]:
    """A virtual host of this session; `passwords` puts the shipped definitions into it."""
    async with broker.temporary_vhost("msign-tests") as name:
        yield name


@session
async def passwords(broker: Broker, vhost: str) -> AsyncIterator[Passwords]:
    """The passwords of the systems (`SYSTEMS`), the services and the operator in `vhost`."""
    made = Passwords.fresh(SYSTEMS)
    wanted = definitions(vhost, made)
    await broker.import_definitions(wanted)
    yield made
    for user in wanted["users"]:
        await broker.delete_user(user["name"])


@session
async def amqp_url(broker: Broker, vhost: str) -> str:
    """The administrator's URL of the session's virtual host."""
    return broker.url_of(vhost)


@session
async def system_amqp_urls(broker: Broker, vhost: str, passwords: Passwords) -> dict[str, str]:
    """Each system's own URL of the session's virtual host."""
    return {name: broker.url_of(vhost, name, password) for name, password in passwords.systems.items()}


@session
async def database_template(database: Database) -> AsyncIterator[str]:
    """The name of a migrated gateway database to copy."""
    async with _template(database, "template_gateway", MIGRATIONS) as name:
        yield name


@session
async def msign_database_template(database: Database) -> AsyncIterator[str]:
    """The name of a migrated provider's database to copy."""
    async with _template(database, "template_msign", MSIGN_MIGRATIONS) as name:
        yield name


@pytest.fixture
async def database_url(database: Database, database_template: str) -> AsyncIterator[str]:
    """A fresh, migrated gateway database for one test."""
    async with database.temporary("gateway", template=database_template) as url:
        yield url


@pytest.fixture
async def msign_database_url(database: Database, msign_database_template: str) -> AsyncIterator[str]:
    """A fresh, migrated provider's database for one test."""
    async with database.temporary("msign", template=msign_database_template) as url:
        yield url


@pytest.fixture
async def empty_database_url(database: Database) -> AsyncIterator[str]:
    """A fresh database without tables for one test."""
    async with database.temporary("empty") as url:
        yield url


@asynccontextmanager
async def _template(database: Database, label: str, migrations: Path) -> AsyncIterator[str]:
    async with database.temporary(label) as url:
        await migrate(url, migrations)
        yield url.rpartition("/")[2]
