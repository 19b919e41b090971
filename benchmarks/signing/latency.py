"""How long does a job take at half and at four fifths of the highest rate? From the command to `accepted`."""

import random
import statistics
from collections.abc import Sequence

from benchmarks.cases import Case, Measures, Row
from benchmarks.signing.contenders import Contender
from benchmarks.signing.load import arrivals, open_loop
from benchmarks.signing.stage import Stage, new_set, running

LOADS = (0.5, 0.8)
WARM_UP_S = 1.0
MAIN = "p99_ms"


def cases(
    stage: Stage, contenders: Sequence[Contender], found: Sequence[Row], delay_ms: int, for_s: float
) -> list[Case]:
    """Return a case for each contender and load; its highest rate is the one that `found` has for that delay."""
    rates = {
        row.contender: row.medians["jobs_per_s"]
        for row in found
        if row.bench == "signing" and row.setting.endswith(f" {delay_ms} ms")
    }
    return [
        _case(stage, contender, delay_ms, load, rates[contender.name] * load, for_s)
        for load in LOADS
        for contender in contenders
        if rates.get(contender.name)
    ]


def _case(stage: Stage, contender: Contender, delay_ms: int, load: float, rate: float, for_s: float) -> Case:
    async def run() -> Measures:
        async with (
            new_set(stage, delay_ms=delay_ms, migrated=contender.migrated) as one,
            running(stage, one, contender.programs(stage, one)),
        ):
            dice = random.Random()  # noqa: S311
            await open_loop(one.load.sign, arrivals(rate, WARM_UP_S, dice))
            return measures(await open_loop(one.load.sign, arrivals(rate, for_s, dice)), rate)

    setting = f"{load:.0%} of its highest rate, MSign answers after {delay_ms} ms"
    return Case("latency", setting, contender.name, contender.role, MAIN, run, contender.conditions)


def measures(took_ms: Sequence[float], rate: float) -> dict[str, float]:
    """Return the rate, and the percentiles of what each took."""
    p50, p95, p99 = percentiles(took_ms)
    return {"rate_per_s": rate, "p50_ms": p50, "p95_ms": p95, MAIN: p99}


def percentiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the 50th, the 95th and the 99th percentile; of fewer than two values, the value. Raises for none."""
    if len(values) < 2:
        (only,) = values
        return only, only, only
    cuts = statistics.quantiles(values, n=100, method="inclusive")
    return cuts[49], cuts[94], cuts[98]
