"""What must run before the first step, in which order, and who ends it? Everything is ended in reverse order."""

import asyncio
import hashlib
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp

from msign_gateway.demo.endpoints import endpoints, write_endpoints
from msign_gateway.demo.environment import Servers, inherited, settings_of
from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.scene import SERVICES, Scene
from msign_gateway.demo.show import Show
from msign_gateway.infrastructure import Infrastructure, open_infrastructure
from msign_gateway.infrastructure.definitions import definitions
from msign_gateway.infrastructure.place import write_for
from msign_gateway.infrastructure.processes import Child, end, run, start
from shared.persistence.migrate import migrate

READY_WITHIN_S = 60.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: the servers, and the services as child processes by name."""

    servers: Servers
    children: dict[str, Child]

    def must_stand(self) -> None:
        """Raise with the end of its log if a service has ended."""
        for child in self.children.values():
            child.must_run()


@asynccontextmanager
async def set_stage(scene: Scene, show: Show) -> AsyncIterator[Stage]:
    """Yield with everything running and `.demo/endpoints.env` written; afterwards nothing of it is left running."""
    prepare_directory(scene)
    async with open_infrastructure(report=show.line) as infrastructure, _servers(scene, infrastructure) as servers:
        async with show.step("certificates, registered systems and tables"):
            await _prepare(scene, servers)
        with _services(scene, servers) as children:
            async with show.step("msign, sign_gateway, callback_web and verifier, each a process of its own"):
                await _until_ready(scene, children)
            write_endpoints(scene, endpoints(scene, servers, {name: one.pid for name, one in children.items()}))
            try:
                yield Stage(servers, children)
            finally:
                scene.endpoints.unlink(missing_ok=True)


def prepare_directory(scene: Scene) -> None:
    """Make the `.demo` folder anew; what an earlier run left, a stale `endpoints.env` first of all, goes away."""
    scene.directory.mkdir(exist_ok=True)
    scene.endpoints.unlink(missing_ok=True)
    for left in (scene.pki, scene.logs):
        shutil.rmtree(left, ignore_errors=True)
    scene.logs.mkdir()


@asynccontextmanager
async def _servers(scene: Scene, infrastructure: Infrastructure) -> AsyncIterator[Servers]:
    broker, database = infrastructure.broker, infrastructure.database
    async with (
        broker.temporary_vhost("msign-demo") as vhost,
        database.owned("gateway") as gateway,
        database.owned("msign") as msign,
    ):
        wanted = definitions(vhost, scene.passwords)
        await broker.import_definitions(wanted)
        users = {**scene.passwords.systems, **scene.passwords.services}
        try:
            yield Servers(
                administrator_amqp_url=broker.url_of(vhost),
                administrator_database_url=gateway.administrator_url,
                amqp_urls={user: broker.url_of(vhost, user, password) for user, password in users.items()},
                database_url=gateway.url,
                msign_database_url=msign.url,
            )
        finally:
            for user in wanted["users"]:
                await broker.delete_user(user["name"])


async def _prepare(scene: Scene, servers: Servers) -> None:
    await migrate(servers.database_url)
    await _python("the test PKI", ["services.msign.pki", "create", str(scene.pki), "--pki-url", scene.pki_url])
    for number, name in ((1, "msign-gateway"), (2, "another-consumer")):
        certificate, _ = scene.consumer(number)
        await _python(
            "the registration of a consumer",
            ["services.msign.consumers", "add", "--name", name, "--certificate", str(certificate)],
            MSIGN_DATABASE_URL=servers.msign_database_url,
        )
    registered = [
        {
            "name": name,
            "return_origins": [scene.e_service_url],
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        }
        for name, token in scene.tokens.items()
    ]
    write_for(None, scene.systems_file, json.dumps({"systems": registered}, indent=2))


async def _python(what: str, arguments: list[str], **environment: str) -> None:
    await run(what, [sys.executable, "-m", *arguments], environment=inherited() | environment)


@contextmanager
def _services(scene: Scene, servers: Servers) -> Iterator[dict[str, Child]]:
    children: dict[str, Child] = {}
    try:
        for name in SERVICES:
            children[name] = start(
                name,
                [sys.executable, "-m", f"services.{name}"],
                log=scene.logs / f"{name}.log",
                environment=settings_of(name, scene, servers),
            )
        yield children
    finally:
        end(list(children.values()))


async def _until_ready(scene: Scene, children: dict[str, Child]) -> None:
    try:
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
            for name, child in children.items():
                while not await _is_ready(session, scene.ops_url(name)):
                    child.must_run()
                    await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        raise DemoError(f"a service is not ready after {READY_WITHIN_S:.0f} s; its log is in {scene.logs}") from None


async def _is_ready(session: aiohttp.ClientSession, ops_url: str) -> bool:
    try:
        async with session.get(f"{ops_url}/readyz") as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
