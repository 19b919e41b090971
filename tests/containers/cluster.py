"""Three RabbitMQ nodes in containers, and the ways in which such a cluster breaks: a node dies, a link is cut.

A node that sees no majority stops serving until it does (`pause_minority`), as operators of quorum queues set it.
"""

import asyncio
import contextlib
import secrets
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import docker  # type: ignore[import-untyped]

from msign_gateway.infrastructure.broker import Broker
from msign_gateway.infrastructure.errors import InfrastructureError
from tests.chaos.proxy import Proxy
from tests.gateway import eventually

AMQP, MANAGEMENT = 5672, 15672
SUBNET = "172.31.77"
NAMES = ("rabbit-1", "rabbit-2", "rabbit-3")
START_S = 180
ADMINISTRATOR = "administrator"

_CONFIGURATION = """\
cluster_formation.peer_discovery_backend = classic_config
cluster_formation.classic_config.nodes.1 = rabbit@rabbit-1
cluster_formation.classic_config.nodes.2 = rabbit@rabbit-2
cluster_formation.classic_config.nodes.3 = rabbit@rabbit-3
cluster_partition_handling = pause_minority
log.console.level = warning
"""


@dataclass(frozen=True, slots=True)
class Node:
    """One container of the cluster."""

    name: str
    address: str
    container: Any

    async def kill(self) -> None:
        """SIGKILL, like a machine that loses its power."""
        await asyncio.to_thread(self.container.kill)

    async def start(self) -> None:
        """Start it again with what it has on disk."""
        await asyncio.to_thread(self.container.start)

    async def serves(self) -> bool:
        """Tell whether it lets clients in."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(2):
                _, writer = await asyncio.open_connection(self.address, AMQP)
                writer.close()
                return True
        return False

    async def until_serving(self) -> None:
        """Wait until it lets clients in (again)."""
        await eventually(self.serves, within_s=START_S)


class Balancer(Proxy):
    """What operators put before a cluster: each new connection goes to the next node that takes it."""

    def __init__(self, hosts: list[str], port: int) -> None:
        super().__init__(hosts[0], port)
        self._hosts = hosts
        self._port = port

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for host in self._next():
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(2):
                    _, probe = await asyncio.open_connection(host, self._port)
                probe.close()
                self._target = (host, self._port)
                break
        await super()._connect(reader, writer)

    def _next(self) -> list[str]:
        self._hosts = [*self._hosts[1:], self._hosts[0]]
        return self._hosts


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes, and the broker that they are together, by way of a balancer."""

    nodes: tuple[Node, ...]
    broker: Broker

    @asynccontextmanager
    async def without(self, node: Node) -> AsyncIterator[None]:
        """Kill a node; at the end of the block it comes back, and serves again."""
        await node.kill()
        try:
            yield
        finally:
            await node.start()
            await node.until_serving()

    @asynccontextmanager
    async def parted(self, node: Node) -> AsyncIterator[None]:
        """Cut the links between a node and the others, not those to its clients; healed at the end of the block."""
        others = [other.address for other in self.nodes if other is not node]
        await _filter(node, "-A", others)
        try:
            yield
        finally:
            await _filter(node, "-D", others)
            await node.until_serving()


@asynccontextmanager
async def running_cluster(image: str) -> AsyncIterator[Cluster]:
    """Yield a cluster of three nodes that know each other; at the end nothing of it is left."""
    client = docker.from_env()
    network = await asyncio.to_thread(_network, client)
    nodes: list[Node] = []
    password, cookie = secrets.token_urlsafe(16), secrets.token_hex(16)
    try:
        for number, name in enumerate(NAMES):
            nodes.append(await asyncio.to_thread(_start, client, network, image, name, number, password, cookie))
        async with (
            Balancer([node.address for node in nodes], AMQP).running() as amqp,
            Balancer([node.address for node in nodes], MANAGEMENT).running() as management,
        ):
            url = f"amqp://{ADMINISTRATOR}:{password}@127.0.0.1:{amqp.port}/"
            broker = Broker(url, f"http://127.0.0.1:{management.port}")
            await _until_complete(nodes, broker)
            yield Cluster(tuple(nodes), broker)
    finally:
        for node in nodes:
            await asyncio.to_thread(node.container.remove, force=True, v=True)
        await asyncio.to_thread(network.remove)
        client.close()


def _network(client: Any) -> Any:
    pool = docker.types.IPAMPool(subnet=f"{SUBNET}.0/24", gateway=f"{SUBNET}.1")
    return client.networks.create(
        f"msign-cluster-{secrets.token_hex(4)}", ipam=docker.types.IPAMConfig(pool_configs=[pool])
    )


def _start(client: Any, network: Any, image: str, name: str, number: int, password: str, cookie: str) -> Node:
    address = f"{SUBNET}.{10 + number}"
    write = f"printf '%s' '{_CONFIGURATION}' >/etc/rabbitmq/conf.d/cluster.conf && exec rabbitmq-server"
    container = client.containers.create(
        image,
        ["sh", "-c", write],
        hostname=name,
        environment={
            "RABBITMQ_DEFAULT_USER": ADMINISTRATOR,
            "RABBITMQ_DEFAULT_PASS": password,
            "RABBITMQ_ERLANG_COOKIE": cookie,
            # A silent link counts as cut after seconds, not after a minute.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel net_ticktime 4 +sbwt none +sbwtdcpu none +sbwtdio none",
        },
        network=network.name,
        networking_config={network.name: client.api.create_endpoint_config(ipv4_address=address, aliases=[name])},
    )
    container.start()
    return Node(name, address, container)


async def _until_complete(nodes: list[Node], broker: Broker) -> None:
    async def all_run() -> bool:
        with contextlib.suppress(InfrastructureError):
            return [one["running"] for one in await broker.call("GET", "nodes")] == [True] * len(nodes)
        return False

    for node in nodes:
        await node.until_serving()
    await eventually(all_run, within_s=START_S)


async def _filter(node: Node, change: str, addresses: list[str]) -> None:
    """Drop silently, in the node's own network, what comes from and goes to other nodes."""
    await asyncio.to_thread(node.container.reload)
    inside = ["nsenter", "--target", str(node.container.attrs["State"]["Pid"]), "--net", "iptables", "--wait"]
    for address in addresses:
        for chain, side in (("INPUT", "--source"), ("OUTPUT", "--destination")):
            command = [*inside, change, chain, side, address, "--jump", "DROP"]
            await asyncio.to_thread(subprocess.run, command, check=True, capture_output=True)
