"""The development overlay, played through on this machine: does everything fit together?"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from msign_gateway.client import GatewayClient
from msign_gateway.infrastructure import Broker, Database
from msign_gateway.infrastructure.definitions import Passwords
from msign_gateway.infrastructure.postgres import find_programs
from msign_gateway.infrastructure.processes import end
from tests.deploy.conftest import Secrets
from tests.deploy.here import Machine
from tests.deploy.manifests import K8S, Overlay
from tests.gateway import sign_data

DATABASES = ("msign_gateway", "msign")
ROLES = ("msign_gateway_scaler", "msign_gateway", "msign_gateway_owner", "msign")


def psql(url: str, script: Path) -> None:
    """Run a script as the image of Postgres does."""
    program = shutil.which("psql", path=str(find_programs())) or shutil.which("psql")
    if program is None:
        pytest.skip("the databases are set up by psql, which is not on this machine")
    command = [program, "--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", str(script)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest_asyncio.fixture
async def databases(
    database: Database, development: Overlay, development_secrets: Secrets, tmp_path: Path
) -> AsyncIterator[None]:
    """Both databases and their roles, made by the scripts that the first start of Postgres runs."""
    first = tmp_path / "10-databases.sql"
    script = development.one("ConfigMap", "postgres")["data"]["10-databases.sql"]
    first.write_text(script.replace("/etc/postgresql/roles", str(K8S / "base" / "database")))
    passwords = tmp_path / "20-passwords.sql"
    passwords.write_bytes(development_secrets["postgres"]["passwords"])
    try:
        await asyncio.to_thread(psql, database.url, first)
        await asyncio.to_thread(psql, database.url, passwords)
        yield
    finally:
        for name in DATABASES:
            await database.drop(name)
        administrator = await asyncpg.connect(database.url)
        await administrator.execute(f"DROP ROLE IF EXISTS {', '.join(ROLES)}")
        await administrator.close()


@pytest.fixture
def secrets(development_secrets: Secrets, broker: Broker, vhost: str, passwords: Passwords) -> Secrets:
    """The Secrets, but for the broker's URLs: the session's broker has users of the same names already."""
    urls = {
        f"broker-{name.replace('_', '-')}": {"url": broker.url_of(vhost, name, password).encode()}
        for name, password in passwords.services.items()
    }
    return development_secrets | urls


@pytest_asyncio.fixture
async def machine(
    development: Overlay, secrets: Secrets, database: Database, databases: None, tmp_path: Path
) -> AsyncIterator[Machine]:
    server = urlsplit(database.url)
    hosts = {"postgres.msign-gateway.svc:5432": f"{server.hostname}:{server.port}"}
    machine = Machine(development, secrets, tmp_path / "cluster", hosts)
    try:
        yield machine
    finally:
        end(machine.children)


async def test_pods_that_start_in_any_order_wait_for_their_tables_and_a_command_becomes_a_way_to_our_msign(
    machine: Machine, broker: Broker, vhost: str, passwords: Passwords
):
    pods = ("sign-gateway", "callback-web", "verifier", "msign")
    starting = [asyncio.create_task(machine.start(pod)) for pod in pods]
    await machine.run_job("migrate")
    await asyncio.gather(*starting)

    amqp_url = broker.url_of(vhost, "declaratii", passwords.systems["declaratii"])
    async with GatewayClient.connect(amqp_url) as client:
        command = await client.sign(sign_data(return_url="http://localhost:8000/back"))
        accepted = await client.accepted(command, timeout_s=60)
    page = machine.url("callback-web", "http") + accepted.sign_url.removeprefix("http://gateway.localhost")
    async with aiohttp.ClientSession() as http:
        async with http.get(page) as response:
            assert response.status == 200
            assert f"http://sign.localhost/{accepted.request_id}" in await response.text()
        async with http.get(f"{machine.url('msign', 'web')}/verify") as response:
            assert response.status == 200
