"""Who watches the demo, and what does it know at the end? Prometheus, with the alerts that ship."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from msign_gateway.demo.environment import Servers
from msign_gateway.demo.errors import expect
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.infrastructure.prometheus import Prometheus, open_prometheus

SCRAPED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.5

_FINISHED = "sum by (kind, outcome) (msign_gateway_jobs_finished_total)"
_SIGNINGS = "sum by (outcome) (msign_provider_signings_total)"


def targets_of(scene: Scene, servers: Servers) -> dict[str, list[str]]:
    """Return what there is to scrape: host and port, by the jobs' names in `deploy/prometheus/prometheus.yml`."""
    services = {name: [f"127.0.0.1:{port}"] for name, port in scene.ports.ops.items()}
    return services | ({"rabbitmq": [servers.broker_metrics]} if servers.broker_metrics else {})


@asynccontextmanager
async def monitored(scene: Scene, servers: Servers, show: Show) -> AsyncIterator[Prometheus]:
    """Run a Prometheus that watches the running services and the broker."""
    if servers.broker_metrics is None:
        show.line("Prometheus: without the broker's metrics (AMQP_METRICS would name their host and port)")
    opening = open_prometheus(scene.prometheus, targets_of(scene, servers), log=scene.logs / "prometheus.log")
    async with AsyncExitStack() as stack:
        async with show.step("Prometheus with the alerts of deploy/prometheus"):
            prometheus = await stack.enter_async_context(opening)
        yield prometheus


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
            targets = sum(map(len, (await prometheus.targets()).values()))
            scraped = await prometheus.value(f"count(timestamp(up) > {after})")
            if scraped is not None and 0 < targets <= scraped:
                return
            await asyncio.sleep(LOOK_EVERY_S)


async def _counted(prometheus: Prometheus, expression: str, *labels: str) -> str:
    """Return a line of what a query counts: `7 sign completed, 1 sign failed`."""
    found = await prometheus.query(expression)
    words = ((" ".join(one["metric"][label] for label in labels), int(float(one["value"][1]))) for one in found)
    return ", ".join(f"{count} {what}" for what, count in sorted(words))
