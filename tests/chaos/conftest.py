"""What do the tests break? Real services on real servers."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from msign_gateway.infrastructure import Infrastructure
from tests.chaos.system import System, running_system


@pytest.fixture(scope="session")
def infrastructure(undisturbed: Infrastructure) -> Infrastructure:
    """Servers on which nothing else is tested."""
    return undisturbed


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def system(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """One replica of each service."""
    async with running_system(infrastructure, tmp_path_factory.mktemp("chaos"), replicas=1) as running:
        yield running
