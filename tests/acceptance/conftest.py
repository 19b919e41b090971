"""The whole system as it runs in the demo: every service a process of its own, on the session's servers."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from unittest import mock

import pytest
import pytest_asyncio

from msign_gateway.client import GatewayClient
from msign_gateway.demo.people import Person, read_people
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import Stage, set_stage
from msign_gateway.infrastructure import Infrastructure
from tests.collector import Collector, open_collector

# Of one module, not of the session: another demo wants a broker without users of its names.
module = pytest_asyncio.fixture(scope="module", loop_scope="session")


@pytest.fixture(scope="session")
def infrastructure(undisturbed: Infrastructure) -> Infrastructure:
    """Servers on which nothing else is tested."""
    return undisturbed


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Addresses, secrets and files of one run."""
    root: Path = tmp_path_factory.mktemp("system")
    return Scene(root / ".demo", root / "output")


@pytest.fixture(scope="module")
def given_servers(infrastructure: Infrastructure) -> dict[str, str]:
    """Running servers, named as an outside user would name theirs."""
    return {
        "AMQP_URL": infrastructure.broker.url,
        "AMQP_MANAGEMENT_URL": infrastructure.broker.management_url,
        "DATABASE_URL": infrastructure.database.url,
    }


@pytest.fixture(scope="module")
def collecting() -> Iterator[tuple[Collector, str]]:
    """Where the services send their traces, with its URL."""
    with open_collector() as opened:
        yield opened


@pytest.fixture
def collector(collecting: tuple[Collector, str]) -> Collector:
    """The traces that arrived."""
    return collecting[0]


@module
async def stage(scene: Scene, given_servers: dict[str, str], collecting: tuple[Collector, str]) -> AsyncIterator[Stage]:
    """The running services on the given servers."""
    traces = {"OTEL_EXPORTER_OTLP_ENDPOINT": collecting[1], "OTEL_BSP_SCHEDULE_DELAY": "200"}
    with mock.patch.dict(os.environ, given_servers | traces):
        async with set_stage(scene, Show()) as running:
            yield running


@pytest.fixture
def people(scene: Scene, stage: Stage) -> tuple[Person, ...]:
    """Who can sign."""
    return read_people(scene.pki / "people.json")


@pytest.fixture
async def client(stage: Stage) -> AsyncIterator[GatewayClient]:
    """System `declaratii`, connected to the broker."""
    async with GatewayClient.connect(stage.servers.amqp_urls["declaratii"], system="declaratii") as connected:
        yield connected
