"""What does Prometheus know of a run that has just ended? All targets up, no alert, and the jobs counted."""

import asyncio
import time

from msign_gateway.demo.errors import expect
from msign_gateway.demo.show import Show
from msign_gateway.infrastructure.prometheus import Prometheus

SCRAPED_WITHIN_S = 30.0
LOOK_EVERY_S = 0.5

_FINISHED = "sum by (kind, outcome) (msign_gateway_jobs_finished_total)"
_SIGNINGS = "sum by (outcome) (msign_provider_signings_total)"


async def look_back(prometheus: Prometheus, show: Show) -> None:
    """Show it; raises `DemoError` if a target is down, an alert fires, or nothing was counted."""
    show.title("What Prometheus knows of it")
    async with show.step("all is scraped, and no alert fires") as note:
        await _until_scraped(prometheus, after=time.time())
        health = await prometheus.targets()
        expect(all(set(states) == {"up"} for states in health.values()), f"not every target is up: {health}")
        firing = await prometheus.firing()
        expect(not firing, f"alerts fire: {', '.join(sorted(firing))}")
        note(f"{sum(map(len, health.values()))} targets up: {', '.join(sorted(health))}; firing alerts: 0")
    async with show.step("every job is counted") as note:
        jobs = await _counted(prometheus, _FINISHED, "kind", "outcome")
        expect(bool(jobs), "no finished job was counted")
        note(f"finished jobs: {jobs}")
        note(f"decided on the Sign Page: {await _counted(prometheus, _SIGNINGS, 'outcome')}")


async def _until_scraped(prometheus: Prometheus, *, after: float) -> None:
    """Wait until every target was scraped after the moment `after` (seconds since 1970)."""
    async with asyncio.timeout(SCRAPED_WITHIN_S):
        while True:
            last = await prometheus.value("min(timestamp(up))")
            if last is not None and last > after:
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _counted(prometheus: Prometheus, expression: str, *labels: str) -> str:
    """Return a line of what a query counts: `7 sign completed, 1 sign failed`."""
    found = await prometheus.query(expression)
    words = ((" ".join(one["metric"][label] for label in labels), int(float(one["value"][1]))) for one in found)
    return ", ".join(f"{count} {what}" for what, count in sorted(words))
