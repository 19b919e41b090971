"""How many signatures does the whole machine verify in a second, in processes that hostile input may break?"""

import asyncio
import os
import time

from benchmarks.cases import Case, Measures, Role
from benchmarks.cpu import processes, tree_ms
from benchmarks.verify import contenders
from benchmarks.verify.materials import Materials, Signed
from shared.signatures.workers import Workers

MAIN = "signatures_per_s"
UNDER_WAY = 4
"""Documents for each process that are under way at once."""


def cases(made: Materials, signed: Signed, kind: str, for_s: float) -> list[Case]:
    """Return the cases for one document: one worker process, and one for each core."""
    cores = len(os.sched_getaffinity(0))
    return [
        _case(made, signed, f"{kind}, worker processes", count, Role.OURS if count == cores else Role.PEER, for_s)
        for count in sorted({1, cores})
    ]


def _case(made: Materials, signed: Signed, setting: str, count: int, role: Role, for_s: float) -> Case:
    async def run() -> Measures:
        async with Workers(count, log_level="error") as workers:
            return await measured(workers, made, signed, for_s)

    name = f"ours in {count} process{'es' * (count > 1)}"
    return Case("verifying", setting, name, role, MAIN, run, {"checks": "integrity, coverage, timestamp, trust"})


async def measured(workers: Workers, made: Materials, signed: Signed, for_s: float) -> Measures:
    """Keep all workers busy; returns signatures per second by the clock, and the processor time of everybody.

    This process hands the documents out, on a core that one worker alone leaves free: how many are busy says whether
    more could be had.
    """
    lanes = range(workers.count * UNDER_WAY)
    await asyncio.gather(*(_verify(workers, made, signed) for _ in lanes))
    began, before_ms = time.monotonic(), tree_ms(os.getpid(), processes())
    until = began + for_s

    async def lane() -> int:
        times = 0
        while time.monotonic() < until or not times:
            await _verify(workers, made, signed)
            times += 1
        return times

    signatures = sum(await asyncio.gather(*(lane() for _ in lanes))) * signed.count
    took_s, cpu_ms = time.monotonic() - began, tree_ms(os.getpid(), processes()) - before_ms
    return {
        MAIN: signatures / took_s,
        "cpu_ms_per_signature": cpu_ms / signatures,
        "cores_busy": cpu_ms / 1000 / took_s,
    }


async def _verify(workers: Workers, made: Materials, signed: Signed) -> None:
    report = await workers.run(contenders.judge, signed.data, signed.digest, made.anchors)
    if not contenders.found_valid(report, signed):
        raise contenders.WrongVerdict("ours does not find a valid document valid")
