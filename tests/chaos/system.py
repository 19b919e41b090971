"""The whole system with a proxy before each server: services as processes, two replicas of each if wished."""

import asyncio
import hashlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from msign_gateway.demo.environment import inherited
from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.definitions import Passwords, definitions
from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import Child, end, kill_group, start
from shared.persistence.migrate import migrate
from tests.chaos.clocks import Clock
from tests.chaos.proxy import Proxy

SYSTEMS = ("declaratii", "registru")
SERVICES = ("sign_gateway", "callback_web", "verifier")
PUBLIC_URL = "http://sign.example"
E_SERVICE = "http://127.0.0.1:9"
READY_WITHIN_S = 60


@dataclass(slots=True)
class Replica:
    """One process of a service."""

    service: str
    number: int
    ops_port: int
    http_port: int
    child: Child | None = None


@dataclass(slots=True)
class System:
    """What runs, and how to break it."""

    infrastructure: Infrastructure
    vhost: str
    passwords: Passwords
    database_url: str
    msign_url: str
    broker: Proxy
    database: Proxy
    elsewhere: Proxy
    msign: Proxy
    folder: Path
    clocks: bool
    replicas: list[Replica] = field(default_factory=list)

    @property
    def proxies(self) -> dict[str, Proxy]:
        """The three, by what is behind them."""
        return {"broker": self.broker, "database": self.database, "msign": self.msign}

    def of(self, service: str) -> list[Replica]:
        """The replicas of a service."""
        return [one for one in self.replicas if one.service == service]

    def amqp_url(self, user: str) -> str:
        """A user's URL of the broker itself, past the proxy."""
        passwords = {**self.passwords.systems, **self.passwords.services}
        return self.infrastructure.broker.url_of(self.vhost, user, passwords[user])

    def move_database(self) -> None:
        """Fail over to the other address: nothing answers at the one of before, and the file names the new one."""
        self.database, self.elsewhere = self.elsewhere, self.database
        self.elsewhere.shut()
        self.database.open()
        self.tell_database()

    def tell_database(self) -> None:
        """Put the database's address of now into the file that the services follow."""
        fresh = self.folder / "database_url.new"
        fresh.write_text(_through(self.database_url, self.database))
        fresh.replace(self.folder / "database_url")

    def clock_of(self, replica: Replica) -> Clock:
        """The clock of a replica's processes."""
        return Clock(self.folder / f"{replica.service}-{replica.number}.clock")

    def start(self, replica: Replica, *, kill_at: str | None = None) -> None:
        """Start a replica, to be killed at a point of that name."""
        environment = self._environment(replica) | ({"KILL_AT": kill_at} if kill_at else {})
        log = self.folder / f"{replica.service}-{replica.number}.log"
        command = [sys.executable, "-m", "tests.chaos.service", replica.service]
        replica.child = start(replica.service, command, log=log, environment=environment)

    def kill(self, replica: Replica) -> None:
        """SIGKILL, and start anew."""
        if replica.child is not None:
            kill_group(replica.child.pid)
            replica.child.finish(within_s=5)
        self.start(replica)

    async def terminate(self, replica: Replica, *, kill_at: str | None = None) -> None:
        """SIGTERM, wait for the orderly end, and start anew, to be killed at a point of that name."""
        if replica.child is not None:
            replica.child.ask_to_stop()
            await asyncio.to_thread(replica.child.finish, 15)
        self.start(replica, kill_at=kill_at)

    def revive(self) -> None:
        """Start what has ended by itself, as whatever supervises the services does (Kubernetes, systemd)."""
        for replica in self.replicas:
            if replica.child is None or replica.child.exit_code is not None:
                self.start(replica)

    async def ready(self) -> None:
        """Wait until every replica is ready; what ends meanwhile is started again."""
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
            for replica in self.replicas:
                async for _ in _ticks():
                    self.revive()
                    if await _is_ready(session, replica.ops_port):
                        break

    def _environment(self, replica: Replica) -> dict[str, str]:
        return inherited() | {
            "OPS_PORT": str(replica.ops_port),
            "HTTP_PORT": str(replica.http_port),
            "AMQP_URL": _through(self.amqp_url(replica.service), self.broker),
            "DATABASE_URL_FILE": str(self.folder / "database_url"),
            "MSIGN_API_URL": f"http://127.0.0.1:{self.msign.port}/MSign.svc",
            "MSIGN_FRONTEND_URL": "http://msign.example",
            "MSIGN_TIMEOUT_S": "3",
            "POST_CONCURRENCY": "8",  # the tests' MSign is one process, which signs as well: more at once come too late
            "PUBLIC_URL": PUBLIC_URL,
            "LINK_SECRET": "c" * 40,
            "SYSTEMS_FILE": str(self.folder / "systems.json"),
            "SIGN_GRACE_MINUTES": "0.05",
            "VERIFY_BATCH_COUNT": "5",
            "DRAIN_S": "5",
            **(self.clock_of(replica).environment if self.clocks else {}),
        }


@asynccontextmanager
async def running_system(
    infrastructure: Infrastructure, folder: Path, *, replicas: int, clocks: bool = False
) -> AsyncIterator[System]:
    """Start everything; at the end nothing of it is left. `clocks`: those of the services can be set."""
    (folder / "systems.json").write_text(json.dumps({"systems": [_registered(name) for name in SYSTEMS]}))
    (msign_port,) = free_ports(1)
    async with AsyncExitStack() as stack:
        vhost = await stack.enter_async_context(infrastructure.broker.temporary_vhost("msign-chaos"))
        gateway = await stack.enter_async_context(infrastructure.database.owned("gateway"))
        passwords = Passwords.fresh(SYSTEMS)
        wanted = definitions(vhost, passwords)
        await infrastructure.broker.import_definitions(wanted)
        stack.push_async_callback(_delete_users, infrastructure, [user["name"] for user in wanted["users"]])
        await migrate(gateway.url)
        postgres = _where(gateway.url)
        broker, database, elsewhere, provider = [
            await stack.enter_async_context(Proxy(*where).running())
            for where in (_where(infrastructure.broker.url), postgres, postgres, ("127.0.0.1", msign_port))
        ]
        system = System(
            infrastructure, vhost, passwords, gateway.url, f"http://127.0.0.1:{msign_port}",
            broker, database, elsewhere, provider, folder, clocks,
        )  # fmt: skip
        system.tell_database()
        msign = start(
            "msign", [sys.executable, "-m", "tests.chaos.msign", str(msign_port)], log=folder / "msign.log",
            environment=inherited(),
        )  # fmt: skip
        stack.push_async_callback(_end, system, msign)
        for service in SERVICES:
            for number in range(replicas):
                ops_port, http_port = free_ports(2)
                system.replicas.append(Replica(service, number, ops_port, http_port))
        for replica in system.replicas:
            system.start(replica)
        await system.ready()
        yield system


async def _end(system: System, msign: Child) -> None:
    """End every process while the proxies still carry what they say good-bye with."""
    await asyncio.to_thread(end, [msign, *(one.child for one in system.replicas if one.child)])


async def _delete_users(infrastructure: Infrastructure, names: list[str]) -> None:
    for name in names:
        await infrastructure.broker.delete_user(name)


def _registered(name: str) -> dict[str, object]:
    token = hashlib.sha256(secrets.token_bytes(16)).hexdigest()
    return {"name": name, "return_origins": [E_SERVICE], "token_sha256": token}


def _where(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "127.0.0.1", parts.port or 5672


def _through(url: str, proxy: Proxy) -> str:
    """The same URL by way of a proxy."""
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{login}@127.0.0.1:{proxy.port}"))


async def _ticks() -> AsyncIterator[None]:
    while True:
        yield
        await asyncio.sleep(0.2)


async def _is_ready(session: aiohttp.ClientSession, port: int) -> bool:
    try:
        async with session.get(f"http://127.0.0.1:{port}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
