"""How does a private RabbitMQ node run beside whatever else this machine runs?

Everything that a node shares by default is its own here: name, ports, cookie, data, logs, plugins, configuration and
the port mapper daemon (epmd), which runs as a child so that none stays behind. Works for RabbitMQ 3.10 to 4.x.
"""

import asyncio
import os
import secrets
import shutil
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import quote

from msign_gateway.infrastructure import packages, place, ports, processes
from msign_gateway.infrastructure.broker import Broker
from msign_gateway.infrastructure.errors import InfrastructureError

_SERVERS = ("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/homebrew/sbin/rabbitmq-server")
ADMINISTRATOR = "administrator"
START_S = 90
STOP_S = 2

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{amqp}
management.tcp.ip = 127.0.0.1
management.tcp.port = {management}
prometheus.tcp.ip = 127.0.0.1
prometheus.tcp.port = {metrics}
default_user = {user}
default_pass = {password}
disk_free_limit.absolute = 100MB
log.console = true
log.console.level = warning
log.file = false
"""


def find_server() -> Path | None:
    """Return the server's start script: the one behind the distribution's wrapper, which changes users by itself."""
    for candidate in _SERVERS:
        if Path(candidate).exists():
            return Path(candidate)
    found = shutil.which("rabbitmq-server")
    return Path(found) if found else None


@asynccontextmanager
async def native_rabbitmq(directory: Path) -> AsyncIterator[Broker]:
    """Run a private node with its data under `directory`; yields its administration."""
    server = await _installed()
    account = processes.Account.for_server("rabbitmq")
    home = place.subdirectory(directory, "rabbitmq", account)
    amqp, management, metrics, distribution, mapper = ports.free_ports(5)
    password = secrets.token_urlsafe(24)
    configuration = _CONFIGURATION.format(
        amqp=amqp, management=management, metrics=metrics, user=ADMINISTRATOR, password=password
    )
    place.write_for(account, home / "rabbitmq.conf", configuration)
    place.write_for(account, home / "enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n")
    place.write_for(account, home / ".erlang.cookie", secrets.token_hex(20)).chmod(0o400)
    environment = _environment(home, distribution, mapper)
    children: list[processes.Child] = []
    try:
        children.append(_start_mapper(home, mapper, environment, account))
        await _until_listening(mapper, children)
        broker = Broker(
            f"amqp://{ADMINISTRATOR}:{quote(password)}@127.0.0.1:{amqp}/",
            f"http://127.0.0.1:{management}",
            metrics=f"127.0.0.1:{metrics}",
        )

        async def start_node() -> None:
            node = processes.start(
                "rabbitmq",
                [str(server)],
                log=directory / "rabbitmq.log",
                environment=environment,
                directory=home,
                account=account,
            )
            children.insert(0, node)
            await broker.until_ready(START_S, alive=node.must_run)

        async def revive() -> None:
            children.pop(0).finish(within_s=0)
            await start_node()

        async def control(*words: str) -> str:
            program = server.with_name("rabbitmqctl")
            return await processes.run(
                program.name, [str(program), "--quiet", *words], account=account, environment=environment
            )

        await start_node()
        broker.revive, broker.control = revive, control
        yield broker
    finally:
        processes.end(children[:1], within_s=STOP_S)  # its data goes away with it: no need to wait for good manners
        processes.end(children[1:])


async def _installed() -> Path:
    if find_server() is None and packages.can_install():
        await packages.install("rabbitmq-server", services=("rabbitmq-server.service", "epmd.socket", "epmd.service"))
    server = find_server()
    if server is None:
        raise InfrastructureError("rabbitmq-server is not installed, and only root can install it")
    return server


def _environment(home: Path, distribution: int, mapper: int) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return inherited | {
        "HOME": str(home),
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_CRASH_DUMP": str(home / "erl_crash.dump"),
        "ERL_MAX_PORTS": "65536",  # else the machine's limit of open files decides, which can be a billion
        "RABBITMQ_NODENAME": f"msign-{distribution}@localhost",
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_BASE": str(home),
        "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_PID_FILE": str(home / "node.pid"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_CONFIG_FILES": str(home / "none.d"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "none.config"),
        "RABBITMQ_CONF_ENV_FILE": str(home / "none.env"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
            "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none +sbwtdcpu none +sbwtdio none"
        ),
        # The start script then becomes the node instead of its parent, so that signals reach the node.
        "RUNNING_UNDER_SYSTEMD": "true",
    }


def _start_mapper(
    home: Path, port: int, environment: dict[str, str], account: processes.Account | None
) -> processes.Child:
    program = shutil.which("epmd")
    if program is None:
        raise InfrastructureError("epmd, a part of Erlang, is not on the PATH")
    return processes.start(
        "epmd",
        [program, "-port", str(port), "-address", "127.0.0.1", "-relaxed_command_check"],
        log=home.parent / "epmd.log",
        environment=environment,
        directory=home,
        account=account,
        stop_signal=signal.SIGTERM,
    )


async def _until_listening(port: int, children: list[processes.Child]) -> None:
    while not ports.listens(port):
        for child in children:
            child.must_run()
        await asyncio.sleep(0.02)
