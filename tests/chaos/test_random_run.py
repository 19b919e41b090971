"""A short random run in CI; the long ones are `make chaos`."""

from pathlib import Path

from msign_gateway.infrastructure import Infrastructure
from tests.chaos import clocks
from tests.chaos.run import run
from tests.chaos.system import running_system

JOBS = 80
SEED = 20261124


async def test_while_everything_breaks_nothing_is_lost_doubled_or_stuck(
    infrastructure: Infrastructure, tmp_path: Path
) -> None:
    async with running_system(infrastructure, tmp_path, replicas=2, clocks=clocks.available()) as system:
        verdict = await run(system, jobs=JOBS, seed=SEED, fault_every_s=1.5)
    assert verdict.ordered == JOBS
    assert sum(verdict.faults.values()) > 0
    assert (verdict.lost, verdict.duplicated, verdict.unexpected, verdict.left) == (
        [], [], [], dict.fromkeys(verdict.left, 0),
    )  # fmt: skip
