"""What must run before the first step, in which order, and who ends it? Everything is ended in reverse order."""

import asyncio
import fcntl
import hashlib
import json
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace

import aiohttp

from msign_gateway.demo.endpoints import endpoints, write_endpoints
from msign_gateway.demo.environment import Servers, inherited, settings_of
from msign_gateway.demo.errors import DemoError
from msign_gateway.demo.mandates import MANDATES
from msign_gateway.demo.monitoring import monitored
from msign_gateway.demo.scene import SERVICES, Scene
from msign_gateway.demo.show import Show
from msign_gateway.infrastructure import Broker, Infrastructure, open_infrastructure
from msign_gateway.infrastructure.definitions import definitions
from msign_gateway.infrastructure.place import write_for
from msign_gateway.infrastructure.processes import Child, end, run, start
from msign_gateway.infrastructure.prometheus import Prometheus
from msign_gateway.infrastructure.softhsm import open_module
from shared.persistence.migrate import migrate

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs: the servers, the services as child processes by name, and Prometheus if it is wanted."""

    scene: Scene
    servers: Servers
    children: dict[str, Child] = field(default_factory=dict)
    prometheus: Prometheus | None = None

    def start(self, name: str) -> Child:
        """Start a service."""
        self.children[name] = start(
            name,
            [sys.executable, "-m", f"services.{name}"],
            log=self.scene.logs / f"{name}.log",
            environment=settings_of(name, self.scene, self.servers),
        )
        return self.children[name]

    def restart(self, name: str) -> Child:
        """Start a service that has ended, and tell outside tools its new process id."""
        child = self.start(name)
        self.tell()
        return child

    def tell(self) -> None:
        """Write `.demo/endpoints.env`."""
        pids = {name: child.pid for name, child in self.children.items()}
        url = self.prometheus.url if self.prometheus else None
        write_endpoints(self.scene, endpoints(self.scene, self.servers, pids, url))


@asynccontextmanager
async def set_stage(scene: Scene, show: Show, *, with_prometheus: bool = False) -> AsyncIterator[Stage]:
    """Yield with everything running; afterwards nothing of it is left, `.demo/endpoints.env` included."""
    with claimed_directory(scene):
        async with open_infrastructure(report=show.line) as infrastructure, _servers(scene, infrastructure) as running:
            servers = replace(running, pkcs11_module=await open_module(show.line))
            async with show.step("certificates, registered systems and tables"):
                await _prepare(scene, servers)
            stage = Stage(scene, servers)
            try:
                async with show.step("msign, sign_gateway, callback_web and verifier, each a process of its own"):
                    for name in SERVICES:
                        stage.start(name)
                    await _until_ready(scene, stage.children)
                async with monitored(scene, servers, show) if with_prometheus else nullcontext() as prometheus:
                    yield replace(stage, prometheus=prometheus)
            finally:
                scene.endpoints.unlink(missing_ok=True)
                end(list(stage.children.values()))


@contextmanager
def claimed_directory(scene: Scene) -> Iterator[None]:
    """Make the `.demo` folder anew and hold it: what an earlier run left, a stale `endpoints.env` first, goes away.

    Raises `DemoError` when another demo runs there.
    """
    scene.directory.mkdir(exist_ok=True)
    with (scene.directory / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise DemoError(f"another demo runs in {scene.directory}") from None
        scene.endpoints.unlink(missing_ok=True)
        for left in (scene.pki, scene.logs, scene.hold, scene.prometheus):
            shutil.rmtree(left, ignore_errors=True)
        scene.logs.mkdir()
        scene.hold.mkdir()
        yield


@asynccontextmanager
async def _servers(scene: Scene, infrastructure: Infrastructure) -> AsyncIterator[Servers]:
    broker, database = infrastructure.broker, infrastructure.database
    async with (
        broker.temporary_vhost("msign-demo") as vhost,
        database.owned("gateway") as gateway,
        database.owned("msign") as msign,
    ):
        wanted = definitions(vhost, scene.passwords)
        await _refuse_taken_names(broker, [user["name"] for user in wanted["users"]])
        await broker.import_definitions(wanted)
        users = {**scene.passwords.systems, **scene.passwords.services}
        try:
            yield Servers(
                administrator_amqp_url=broker.url_of(vhost),
                administrator_database_url=gateway.administrator_url,
                amqp_urls={user: broker.url_of(vhost, user, password) for user, password in users.items()},
                database_url=gateway.url,
                msign_database_url=msign.url,
                broker_metrics=broker.metrics,
                management_url=broker.management_url,
            )
        finally:
            for user in wanted["users"]:
                await broker.delete_user(user["name"])


async def _refuse_taken_names(broker: Broker, names: list[str]) -> None:
    """Leave alone a broker whose users have our names: they are a gateway's or another demo's, with their passwords."""
    if taken := sorted(await broker.users() & set(names)):
        raise DemoError(
            f"the broker of AMQP_URL has users named {', '.join(taken)} already: another demo or a gateway uses it."
            " Give the demo another broker, or delete them if nobody does (rabbitmqctl delete_user NAME)"
        )


async def _prepare(scene: Scene, servers: Servers) -> None:
    await migrate(servers.database_url)
    tokens = ["--pkcs11-module", str(servers.pkcs11_module)] if servers.pkcs11_module else []
    await _python("the test PKI", ["services.msign.pki", "create", str(scene.pki), "--pki-url", scene.pki_url, *tokens])
    consumers = (
        ["services.msign.consumers", "add", "--name", name, "--certificate", str(scene.consumer(number)[0])]
        for number, name in ((1, "msign-gateway"), (2, "another-consumer"))
    )
    mandates = (["services.msign.mandates", "add", *one.arguments] for one in MANDATES)
    url = servers.msign_database_url
    await asyncio.gather(
        *(_python("a registration at msign", command, MSIGN_DATABASE_URL=url) for command in (*consumers, *mandates))
    )
    registered = [
        {
            "name": name,
            "return_origins": [scene.e_service_url, f"https://{name}.example"],
            "token_sha256": hashlib.sha256(token.encode()).hexdigest(),
        }
        for name, token in scene.tokens.items()
    ]
    write_for(None, scene.systems_file, json.dumps({"systems": registered}, indent=2))


async def _python(what: str, arguments: list[str], **environment: str) -> None:
    await run(what, [sys.executable, "-m", *arguments], environment=inherited() | environment)


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
