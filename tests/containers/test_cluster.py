"""The random run on a RabbitMQ cluster of three nodes, of which one dies, or is cut off, now and then."""

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from rich.console import Console

from msign_gateway.infrastructure import Infrastructure
from shared.messaging.topology import COMMAND_QUEUES
from tests.chaos import run as random_run
from tests.chaos.faults import Fault, available
from tests.chaos.system import System, running_system
from tests.containers.cluster import Cluster, running_cluster

JOBS = 1500
SEED = 3
BROKEN = "a node of three is killed, or cut off"

pytestmark = [pytest.mark.thorough, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cluster(image_of: Callable[[str], str]) -> AsyncIterator[Cluster]:
    """Three nodes."""
    async with running_cluster(image_of("rabbitmq")) as running:
        yield running


def faults_of(cluster: Cluster) -> dict[str, tuple[Fault, int]]:
    """What breaks in a cluster, more often than everything else: in turn, so that neither is left out."""

    async def lose_a_node(chance: random.Random) -> None:
        async with cluster.without(chance.choice(cluster.nodes)):
            await asyncio.sleep(chance.uniform(1, 8))

    async def part_a_node(chance: random.Random) -> None:
        async with cluster.parted(chance.choice(cluster.nodes)):
            await asyncio.sleep(chance.uniform(3, 30))

    ways = itertools.cycle((lose_a_node, part_a_node))

    async def break_a_node(system: System, chance: random.Random) -> None:
        await next(ways)(chance)

    return {BROKEN: (break_a_node, 300)}


async def test_a_cluster_that_loses_nodes_and_links_loses_no_job(
    cluster: Cluster, infrastructure: Infrastructure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(random_run, "available", lambda system: available(system) | faults_of(cluster))
    whole = replace(infrastructure, broker=cluster.broker)
    async with running_system(whole, tmp_path, replicas=2) as system:
        for queue in COMMAND_QUEUES:
            found = await cluster.broker.call("GET", f"queues/{system.vhost}/{queue.name}")
            assert len(found["members"]) == len(cluster.nodes)
        verdict = await random_run.run(system, jobs=JOBS, seed=SEED)
    random_run.show(verdict, SEED, Console())
    assert verdict.faults[BROKEN] >= 2
    assert (verdict.lost, verdict.duplicated, verdict.unexpected, verdict.left) == (
        [], [], [], dict.fromkeys(verdict.left, 0),
    )  # fmt: skip
