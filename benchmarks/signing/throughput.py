"""How many jobs a second, and what does a job cost? With as many commands under way as a contender can take."""

import asyncio
import time
from dataclasses import dataclass

from benchmarks.cases import Case, Measures
from benchmarks.signing.contenders import Contender
from benchmarks.signing.load import closed
from benchmarks.signing.stage import Stage, meter, new_set, running

AT_ONCE = 400
MAIN = "jobs_per_s"


@dataclass(frozen=True, slots=True)
class Window:
    """What comes before the measuring, and how long that is."""

    warm_up_s: float
    measured_s: float


def cases(stage: Stage, contenders: list[Contender], delays_ms: list[int], window: Window) -> list[Case]:
    """Return a case for every contender with every delay of MSign."""
    return [_case(stage, contender, delay_ms, window) for delay_ms in delays_ms for contender in contenders]


def _case(stage: Stage, contender: Contender, delay_ms: int, window: Window) -> Case:
    async def run() -> Measures:
        return await _run(stage, contender, delay_ms, window)

    setting = f"MSign answers after {delay_ms} ms"
    return Case("signing", setting, contender.name, contender.role, MAIN, run, contender.conditions)


async def _run(stage: Stage, contender: Contender, delay_ms: int, window: Window) -> Measures:
    async with (
        new_set(stage, delay_ms=delay_ms, migrated=contender.migrated) as one,
        running(stage, one, contender.programs(stage, one)) as pids,
        closed(one.load.sign, AT_ONCE),
    ):
        await asyncio.sleep(window.warm_up_s)
        costs, heard, begun = meter(pids), one.load.heard, time.monotonic()
        await asyncio.sleep(window.measured_s)
        took, jobs, taken = time.monotonic() - begun, one.load.heard - heard, costs.taken_ms()
    if not jobs:
        raise RuntimeError(f"{contender.name} moved no job within {window.measured_s} s; see its log in {stage.folder}")
    return {MAIN: jobs / took} | {f"{name}_cpu_ms_per_job": ms / jobs for name, ms in taken.items()}
