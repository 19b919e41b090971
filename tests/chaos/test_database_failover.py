"""The primary dies and its standby takes over at another address: is everything there, and does everybody find it?"""

import random
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.place import private_place
from msign_gateway.infrastructure.postgres import find_programs
from tests.chaos.crowd import Act, Crowd, Ledger, orders
from tests.chaos.standby import running_pair
from tests.chaos.system import running_system

JOBS = 60
PATIENCE_S = 90

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.thorough
async def test_what_a_primary_confirmed_goes_on_at_its_standby_without_a_restart(
    infrastructure: Infrastructure, tmp_path: Path
) -> None:
    if find_programs() is None:
        pytest.skip("no PostgreSQL programs on this machine to run two servers with")
    with private_place() as directory:
        async with running_pair(directory) as pair:
            pulled = replace(infrastructure, database=pair.primary)
            async with running_system(pulled, tmp_path, replicas=1) as system:
                ledger = Ledger()
                crowd = Crowd(system, ledger, random.Random(1))
                before = [one.child and one.child.pid for one in system.replicas]
                async with crowd.present():
                    for number, order in enumerate(orders(JOBS, random.Random(1))):
                        await crowd.publish(order if order.act is not Act.NEVER else replace(order, act=Act.SIGN))
                        if number == JOBS // 2:
                            await pair.fail_over()
                            new = urlsplit(pair.standby.url)
                            system.elsewhere.move(new.hostname or "", new.port or 0)
                            system.move_database()
                    assert await ledger.settled(PATIENCE_S)
                assert (ledger.duplicated, ledger.unexpected) == ([], [])
                assert [one.child and one.child.pid for one in system.replicas] == before
                assert all(one.child and one.child.exit_code is None for one in system.replicas)
