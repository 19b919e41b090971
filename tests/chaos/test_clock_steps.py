"""The clocks of the services jump: does a process that is wrong about the time expire, delay or double anything?"""

import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from msign_gateway.infrastructure import Infrastructure
from tests.chaos import clocks
from tests.chaos.crowd import Act, Crowd, Ledger, orders
from tests.chaos.system import System, running_system
from tests.gateway import eventually

PATIENCE_S = 60
ACTS = (Act.SIGN, Act.SIGN_AND_LEAVE, Act.CANCEL, Act.NEVER, Act.VERIFY)

pytestmark = pytest.mark.asyncio(loop_scope="session")
module = pytest_asyncio.fixture(scope="module", loop_scope="session")


@module
async def system(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[System]:
    """One replica of each service, whose clocks can be set."""
    if not clocks.available():
        pytest.skip("clocks can be set on Linux only, with a C compiler (apt-get install gcc)")
    async with running_system(infrastructure, tmp_path_factory.mktemp("clocks"), replicas=1, clocks=True) as running:
        yield running


@pytest.mark.thorough
@pytest.mark.parametrize("gateway_by", [clocks.HOUR, -clocks.HOUR])
async def test_services_whose_clocks_are_two_hours_apart_agree(system: System, gateway_by: timedelta) -> None:
    by = {"sign_gateway": gateway_by, "callback_web": -gateway_by, "verifier": -gateway_by}
    for replica in system.replicas:
        system.clock_of(replica).step(by[replica.service])
    started = datetime.now(UTC)
    ledger = Ledger()
    crowd = Crowd(system, ledger, random.Random(1))
    async with crowd.present():
        made = orders(2 * len(ACTS), random.Random(1))
        for order, act in zip(made, ACTS * 2, strict=True):
            await crowd.publish(replace(order, act=act, repeated=False))
        assert await ledger.settled(PATIENCE_S)
    assert (ledger.duplicated, ledger.unexpected) == ([], [])
    await eventually(lambda: logged(system, gateway_by), within_s=PATIENCE_S)
    async with asyncpg.create_pool(system.database_url, min_size=1, max_size=1) as pool:
        moments = await pool.fetch("SELECT at FROM job_history WHERE at > $1", started - timedelta(hours=2))
    assert all(
        started - timedelta(seconds=5) < row["at"] < datetime.now(UTC) + timedelta(seconds=5) for row in moments[-10:]
    )


async def logged(system: System, by: timedelta) -> bool:
    """Whether the gateway's own log tells that its clock was wrong: else nothing was tried."""
    last = (system.folder / "sign_gateway-0.log").read_text().splitlines()[-1]
    wrong_by = datetime.fromisoformat(json.loads(last)["timestamp"]) - datetime.now(UTC)
    return abs(wrong_by - by) < timedelta(minutes=5)
