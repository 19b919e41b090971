"""How does a private PostgreSQL cluster run beside whatever else this machine runs?

Its own data directory, a free port on the loopback interface, passwords only, no Unix socket.
"""

import asyncio
import os
import re
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg

from msign_gateway.infrastructure import packages, place, ports, processes
from msign_gateway.infrastructure.database import Database
from msign_gateway.infrastructure.errors import InfrastructureError

ADMINISTRATOR = "administrator"
START_S = 90


def find_programs() -> Path | None:
    """Return the directory of `initdb` and `postgres`, the newest version of several."""

    def version(directory: Path) -> int:
        number = re.fullmatch(r"\d+", directory.parent.name)
        return int(number.group()) if number else 0

    candidates = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()]
    if candidates:
        return max(candidates, key=version)
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found and shutil.which("postgres") else None


@asynccontextmanager
async def native_postgres(directory: Path, *, durable: bool) -> AsyncIterator[Database]:
    """Run a private cluster with its data under `directory`; without `durable` it does not wait for the disk."""
    programs = await _installed()
    account = processes.Account.for_server("postgres")
    home = place.subdirectory(directory, "postgres", account)
    password = secrets.token_urlsafe(24)
    await _create_cluster(programs, home, password, account)
    (port,) = ports.free_ports(1)
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        **({} if durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
    }
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    database = Database(f"postgresql://{ADMINISTRATOR}:{password}@127.0.0.1:{port}/postgres")
    servers: list[processes.Child] = []

    async def start_server() -> None:
        server = processes.start(
            "postgres",
            [str(programs / "postgres"), "-D", str(home / "data"), *arguments],
            log=directory / "postgres.log",
            environment=_environment(),
            directory=home,
            account=account,
            stop_signal=signal.SIGINT,  # "fast shutdown": it does not wait for clients
        )
        servers.append(server)
        await _until_ready(database, server)

    async def revive() -> None:
        servers.pop().finish(within_s=0)
        async with asyncio.timeout(START_S):
            while True:
                with suppress(InfrastructureError):  # its backends hold its memory until they notice that it is gone
                    return await start_server()
                servers.pop()
                await asyncio.sleep(0.1)

    try:
        await start_server()
        database.revive = revive
        yield database
    finally:
        processes.end(servers)


async def _installed() -> Path:
    if find_programs() is None and packages.can_install():
        await packages.install("postgresql", services=("postgresql.service",))
    programs = find_programs()
    if programs is None:
        raise InfrastructureError("PostgreSQL is not installed, and only root can install it")
    return programs


async def _create_cluster(programs: Path, home: Path, password: str, account: processes.Account | None) -> None:
    secret = place.write_for(account, home / "password", password)
    command = [
        str(programs / "initdb"),
        "--pgdata",
        str(home / "data"),
        "--username",
        ADMINISTRATOR,
        "--auth",
        "scram-sha-256",
        "--pwfile",
        str(secret),
        "--encoding",
        "UTF8",
        "--locale",
        "C.UTF-8",
        "--no-sync",
    ]
    await processes.run("initdb", command, account=account, environment=_environment())
    secret.unlink()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


async def _until_ready(database: Database, server: processes.Child) -> None:
    try:
        async with asyncio.timeout(START_S):
            while True:
                server.must_run()
                try:
                    await database.check()
                except (OSError, asyncpg.PostgresError):
                    await asyncio.sleep(0.05)
                else:
                    return
    except TimeoutError:
        raise InfrastructureError(f"PostgreSQL was not ready within {START_S} s:\n{server.last_lines()}") from None
