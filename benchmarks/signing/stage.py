"""On what do the contenders run? The same broker, database server and stub; everything in them is new for each run."""

import asyncio
import hashlib
import json
import os
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

import aio_pika
import aiohttp
from aio_pika.exceptions import AMQPError

from benchmarks.cpu import Meter, named_below, processes
from benchmarks.signing import materials
from benchmarks.signing.load import RETURN_URL, SYSTEM, Load, open_load
from benchmarks.signing.materials import Material
from msign_gateway.demo.environment import inherited
from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.definitions import Passwords, definitions
from msign_gateway.infrastructure.ports import free_ports
from msign_gateway.infrastructure.processes import Child, end, start
from shared.messaging.topology import SIGN_COMMANDS
from shared.persistence.migrate import migrate

READY_WITHIN_S = 30
TOKEN = "the benchmarks' system"  # noqa: S105 - of a system that nobody else has
"""With which the system may use the internal HTTP API."""
SERVERS = {"postgres": "postgres", "beam.smp": "rabbitmq"}


@dataclass(frozen=True, slots=True)
class Stage:
    """What all runs share."""

    infrastructure: Infrastructure
    folder: Path
    materials: Sequence[Material]
    stub: Child
    stub_port: int


@dataclass(frozen=True, slots=True)
class Set:
    """What one run has for itself: addresses by service user, an empty database, a load, and where things are."""

    amqp_urls: Mapping[str, str]
    database_url: str
    msign_url: str
    load: Load


@dataclass(frozen=True, slots=True)
class Program:
    """A process to be measured: what it is called in results, its module and its environment.

    It is ready when `ready_url` says so, without one when it consumes the commands. With `stalls` its event loop is
    watched, and the file of that name tells how long it answered to nobody.
    """

    name: str
    module: str
    environment: Mapping[str, str]
    ready_url: str | None = None
    stalls: Path | None = None

    @property
    def command(self) -> tuple[str, list[str]]:
        """The module that is run, and its arguments."""
        if self.stalls is None:
            return self.module, []
        return "benchmarks.probed", [str(self.stalls), self.module]


@asynccontextmanager
async def open_stage(infrastructure: Infrastructure, folder: Path) -> AsyncIterator[Stage]:
    """Sign the materials and start the stub."""
    made, path = await materials.make(), folder / "materials.json"
    materials.write(made, path)
    async with stub_of("benchmarks.signing.stub", path, folder) as (stub, port):
        yield Stage(infrastructure, folder, made, stub, port)


@asynccontextmanager
async def stub_of(module: str, path: Path, folder: Path) -> AsyncIterator[tuple[Child, int]]:
    """Run a stub of MSign with the materials at `path`; yields its process and its port."""
    (port,) = free_ports(1)
    stub = _start(module, [str(port), str(path)], {}, folder / "stub.log")
    try:
        await _until_listening(port, stub)
        yield stub, port
    finally:
        await asyncio.to_thread(end, [stub])


@asynccontextmanager
async def new_set(stage: Stage, *, delay_ms: int, migrated: bool, used: str | None = None) -> AsyncIterator[Set]:
    """Yield a virtual host with our definitions, a database (with our tables if `migrated`) and a load.

    The database is a new one, or the one that was `used` before (its URL).
    """
    broker = stage.infrastructure.broker
    passwords = Passwords.fresh([SYSTEM])
    async with (
        broker.temporary_vhost("bench") as vhost,
        nullcontext(used) if used else stage.infrastructure.database.temporary("bench") as database_url,
    ):
        wanted = definitions(vhost, passwords)
        await broker.import_definitions(wanted)
        if migrated:
            await migrate(database_url)
        secrets = {**passwords.systems, **passwords.services}
        urls = {user: broker.url_of(vhost, user, secret) for user, secret in secrets.items()}
        try:
            async with open_load(urls[SYSTEM], stage.materials) as load:
                msign_url = f"http://127.0.0.1:{stage.stub_port}/{delay_ms}/MSign.svc"
                yield Set(urls, database_url, msign_url, load)
        finally:
            for user in wanted["users"]:
                await broker.delete_user(user["name"])


@asynccontextmanager
async def running(stage: Stage, one: Set, programs: Sequence[Program]) -> AsyncIterator[dict[str, int]]:
    """Run the programs until the block ends; yields the process ids of all that takes part, by name."""
    children: dict[str, Child] = {}
    try:
        for program in programs:
            log = stage.folder / f"{program.module}-{program.name}.log"
            children[program.name] = _start(*program.command, program.environment, log)
        for program in programs:
            if program.ready_url:
                await _until_ready(program.ready_url, children[program.name])
            else:
                await _until_consumed(one.amqp_urls["sign_gateway"], children[program.name])
        for child in children.values():
            child.must_run()  # else it was another's port that answered
        yield {name: child.pid for name, child in children.items()} | servers() | {"stub": stage.stub.pid}
    finally:
        await asyncio.to_thread(end, list(children.values()), 3)


def servers() -> dict[str, int]:
    """Return the process ids of the private servers, by name."""
    return named_below(os.getpid(), SERVERS, processes())


def meter(pids: Mapping[str, int]) -> Meter:
    """Return a meter of all that takes part."""
    return Meter(pids, own="load")


def our_settings(stage: Stage, one: Set, user: str, ops_port: int, http_port: int) -> dict[str, str]:
    """Return the environment of one of our services."""
    systems = stage.folder / "systems.json"
    token = hashlib.sha256(TOKEN.encode()).hexdigest()
    registered = {"name": SYSTEM, "return_origins": [RETURN_URL], "token_sha256": token}
    systems.write_text(json.dumps({"systems": [registered]}), encoding="utf-8")
    return {
        "OPS_PORT": str(ops_port),
        "HTTP_PORT": str(http_port),
        "AMQP_URL": one.amqp_urls[user],
        "DATABASE_URL": one.database_url,
        "MSIGN_API_URL": one.msign_url,
        "MSIGN_FRONTEND_URL": "http://msign.example",
        "PUBLIC_URL": "http://sign.example",
        "LINK_SECRET": "b" * 40,
        "SYSTEMS_FILE": str(systems),
        "DRAIN_S": "1",
    }


def _start(module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> Child:
    command = [sys.executable, "-m", module, *arguments]
    return start(module, command, log=log, environment=inherited() | dict(environment))


async def _until_listening(port: int, child: Child) -> None:
    async with asyncio.timeout(READY_WITHIN_S):
        while True:
            child.must_run()
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                return writer.close()


async def _until_consumed(amqp_url: str, child: Child) -> None:
    """Wait until somebody consumes the commands."""
    async with asyncio.timeout(READY_WITHIN_S), await aio_pika.connect(amqp_url) as connection:
        while True:
            child.must_run()
            channel = await connection.channel()
            try:
                queue = await channel.declare_queue(SIGN_COMMANDS.name, passive=True)
                if queue.declaration_result.consumer_count:
                    return
            except AMQPError:
                await asyncio.sleep(0.05)  # there is no such queue yet
            finally:
                await channel.close()
            await asyncio.sleep(0.05)


async def _until_ready(url: str, child: Child) -> None:
    async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            child.must_run()
            try:
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
