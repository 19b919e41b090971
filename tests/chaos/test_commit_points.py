"""A service is killed at every point around its commits; another of its kind takes over, and each job ends once."""

import random
from dataclasses import replace
from typing import Any

import pytest

from msign_gateway.infrastructure.processes import Child
from tests.chaos.crowd import Act, Crowd, Ledger, Order, orders
from tests.chaos.points import POINTS, Point
from tests.chaos.system import System
from tests.gateway import eventually

KILLED = -9
PATIENCE_S = 90
IN_CI = {"intake_before_ack", "post_after_answer", "relay_before_mark", "return_before_commit", "verify_after_store"}
"""One point of each kind of commit; the others are thorough."""
WAYS = (Act.SIGN, Act.SIGN_AND_LEAVE, Act.CANCEL, Act.VERIFY)

pytestmark = pytest.mark.asyncio(loop_scope="session")


def some_orders(chance: random.Random) -> list[Order]:
    """Two of each way, which together touch every point."""
    made = orders(2 * len(WAYS), chance)
    return [replace(order, act=act) for order, act in zip(made, WAYS * 2, strict=True)]


def _case(point: Point) -> Any:
    marks = () if point.name in IN_CI else pytest.mark.thorough
    return pytest.param(point, id=f"{point.service}-{point.name}", marks=marks)


@pytest.mark.parametrize("point", [_case(point) for point in POINTS])
async def test_a_service_that_dies_there_loses_and_doubles_nothing(system: System, point: Point) -> None:
    (replica,) = system.of(point.service)
    assert replica.child is not None
    await system.terminate(replica, kill_at=point.name)
    await system.ready()
    ledger, chance = Ledger(), random.Random(1)
    crowd = Crowd(system, ledger, chance)
    async with crowd.present():
        await _publish_until_ended(replica.child, crowd, ledger, chance)
        assert replica.child.exit_code == KILLED
        system.start(replica)
        await ledger.settled(PATIENCE_S)
    assert (ledger.open, ledger.duplicated, ledger.unexpected) == ([], [], [])


async def _publish_until_ended(armed: Child, crowd: Crowd, ledger: Ledger, chance: random.Random) -> None:
    """Publish until the armed process has come to its point: what the services share, another may have done first."""

    async def ended_or_done() -> bool:
        return armed.exit_code is not None or not ledger.open

    while armed.exit_code is None:
        for order in some_orders(chance):
            await crowd.publish(order)
        await eventually(ended_or_done, within_s=PATIENCE_S)
