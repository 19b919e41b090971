"""How many jobs a second, and what does a job cost? With as many commands under way as a contender can take."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.cases import Case, Measures
from benchmarks.cpu import busy_s
from benchmarks.signing.contenders import Contender
from benchmarks.signing.leftovers import forget_open_work
from benchmarks.signing.load import closed
from benchmarks.signing.stage import Set, Stage, meter, new_set, running

AT_ONCE = 400
MOVING = 20
SLOW_START_S = 5.0
LONGEST_S = 20.0
MAIN = "jobs_per_s"


@dataclass(frozen=True, slots=True)
class Window:
    """What comes before the measuring, how long that is, and how many jobs it must see before it ends."""

    warm_up_s: float
    measured_s: float
    jobs: int = 1


def cases(
    stage: Stage,
    contenders: Sequence[Contender],
    delays_ms: Sequence[int],
    window: Window,
    *,
    bench: str = "signing",
    used: str | None = None,
) -> list[Case]:
    """Return a case for every contender with every delay of MSign, in a new database or in the `used` one (its URL)."""
    return [
        _case(stage, contender, delay_ms, window, bench, used) for delay_ms in delays_ms for contender in contenders
    ]


def _case(stage: Stage, contender: Contender, delay_ms: int, window: Window, bench: str, used: str | None) -> Case:
    async def run() -> Measures:
        if used:
            await forget_open_work(used)
        async with new_set(stage, delay_ms=delay_ms, migrated=contender.migrated, used=used) as one:
            return await _run(stage, one, contender, window)

    setting = f"MSign answers after {delay_ms} ms"
    return Case(bench, setting, contender.name, contender.role, MAIN, run, contender.conditions)


async def _run(stage: Stage, one: Set, contender: Contender, window: Window) -> Measures:
    async with (
        running(stage, one, contender.programs(stage, one)) as pids,
        closed(one.load.sign, AT_ONCE),
    ):
        await asyncio.sleep(window.warm_up_s)
        await _until_heard(one, MOVING, SLOW_START_S)
        costs, busy, heard, begun = meter(pids), busy_s(), one.load.heard, time.monotonic()
        await asyncio.sleep(window.measured_s)
        await _until_heard(one, heard + window.jobs, LONGEST_S)
        took, jobs, taken = time.monotonic() - begun, one.load.heard - heard, costs.taken_ms()
        cores = (busy_s() - busy) / took
    if not jobs:
        raise RuntimeError(f"{contender.name} moved no job within {LONGEST_S} s; see its log in {stage.folder}")
    costs_ms = {f"{name}_cpu_ms_per_job": ms / jobs for name, ms in taken.items()}
    return {MAIN: jobs / took, "cores_busy": cores, "all_cpu_ms_per_job": sum(taken.values()) / jobs} | costs_ms


async def _until_heard(one: Set, jobs: int, within_s: float) -> None:
    """Wait until so many jobs are through: a process that has just begun is slow, on a busy machine for seconds."""
    until = time.monotonic() + within_s
    while one.load.heard < jobs and time.monotonic() < until:  # noqa: ASYNC110 - the load counts for itself
        await asyncio.sleep(0.01)
