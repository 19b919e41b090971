"""How does a private Prometheus run with the rules that ship, and what does it know?

It listens on a free port of the loopback interface, keeps its data in the directory that it is given, and reads
`deploy/prometheus` of the checkout: the same jobs, rules and alerts as in production, only more often.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import aiohttp

from msign_gateway.infrastructure import packages, ports, processes
from msign_gateway.infrastructure.errors import InfrastructureError

CONFIGURATION = Path(__file__).parents[2] / "deploy" / "prometheus"
EVERY_S = 2
START_S = 90
LOOK_EVERY_S = 0.2

_INTERVALS = re.compile(r"^(  (?:scrape|evaluation)_interval:) .*$", re.MULTILINE)
_CLASSIC = "/classic"
_TIMEOUT = aiohttp.ClientTimeout(total=10)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus; `url` is its web page and the base of its API."""

    url: str
    child: processes.Child
    pages: str = ""
    """Where the pages are below `url`: Debian's packages have them under /classic."""

    def page(self, name: str) -> str:
        """Return the address of a page: `graph`, `alerts`, `targets`, `rules`."""
        return f"{self.url}{self.pages}/{name}"

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the series of an instant query; raises `InfrastructureError` with Prometheus' words."""
        found: list[dict[str, Any]] = (await self._ask("query", query=expression))["result"]
        return found

    async def value(self, expression: str) -> float | None:
        """Return the value of a query that gives one number, None when it gives none."""
        found = await self.query(expression)
        return float(found[0]["value"][1]) if found else None

    async def targets(self) -> dict[str, list[str]]:
        """Return what is scraped: by job, the health of each target (`up`, `down`, `unknown`)."""
        health: dict[str, list[str]] = {}
        for target in (await self._ask("targets", state="active"))["activeTargets"]:
            health.setdefault(target["labels"]["job"], []).append(target["health"])
        return health

    async def firing(self) -> set[str]:
        """Return the names of the alerts that fire now."""
        alerts = (await self._ask("alerts"))["alerts"]
        return {alert["labels"]["alertname"] for alert in alerts if alert["state"] == "firing"}

    async def _ask(self, what: str, **parameters: str) -> dict[str, Any]:
        try:
            async with (
                aiohttp.ClientSession(timeout=_TIMEOUT) as session,
                session.get(f"{self.url}/api/v1/{what}", params=parameters) as response,
            ):
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise InfrastructureError(f"Prometheus at {self.url} does not answer: {error!r}") from error
        if answer["status"] != "success":
            raise InfrastructureError(f"Prometheus refused {parameters}: {answer['error']}")
        data: dict[str, Any] = answer["data"]
        return data


@asynccontextmanager
async def open_prometheus(
    directory: Path,
    targets: Mapping[str, Sequence[str]],
    *,
    log: Path,
    configuration: Path = CONFIGURATION,
    every_s: int = EVERY_S,
) -> AsyncIterator[Prometheus]:
    """Run Prometheus over `targets` (host:port by job) until the block ends; what it stores is under `directory`.

    `every_s` is the time between two looks, in seconds. Installs the distribution's package when it is missing and we
    may. Raises `InfrastructureError`.
    """
    program = await _installed()
    configured = _configured(directory, targets, configuration, every_s)
    (port,) = ports.free_ports(1)
    child = processes.start(
        "prometheus",
        [
            program,
            f"--config.file={configured}",
            f"--storage.tsdb.path={directory / 'data'}",
            "--storage.tsdb.retention.time=1d",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ],
        log=log,
        environment={name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ},
        directory=directory,
    )
    try:
        prometheus = Prometheus(f"http://127.0.0.1:{port}", child)
        await _until_ready(prometheus)
        yield replace(prometheus, pages=_CLASSIC if await _answers(f"{prometheus.url}{_CLASSIC}/alerts") else "")
    finally:
        processes.end([child])


async def _installed() -> str:
    if shutil.which("prometheus") is None and packages.can_install():
        await packages.install("prometheus", services=("prometheus.service",))
    program = shutil.which("prometheus")
    if program is None:
        raise InfrastructureError("prometheus is not installed, and only root can install it on Debian or Ubuntu")
    return program


def _configured(directory: Path, targets: Mapping[str, Sequence[str]], configuration: Path, every_s: int) -> Path:
    """Write the configuration with our addresses and times into `directory`; returns its main file."""
    if not configuration.is_dir():
        raise InfrastructureError(f"there are no rules in {configuration}: run it from a checkout of the project")
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(configuration / "rules", directory / "rules")
    (directory / "targets").mkdir()
    for job, addresses in targets.items():
        content = json.dumps([{"targets": list(addresses)}])
        (directory / "targets" / f"{job}.json").write_text(content, encoding="utf-8")
    text = (configuration / "prometheus.yml").read_text(encoding="utf-8")
    main = directory / "prometheus.yml"
    main.write_text(_INTERVALS.sub(rf"\1 {every_s}s", text), encoding="utf-8")
    return main


async def _until_ready(prometheus: Prometheus) -> None:
    try:
        async with asyncio.timeout(START_S):
            while not await _answers(f"{prometheus.url}/-/ready"):
                prometheus.child.must_run()
                await asyncio.sleep(LOOK_EVERY_S)
    except TimeoutError:
        lines = prometheus.child.last_lines()
        raise InfrastructureError(f"Prometheus was not ready within {START_S} s:\n{lines}") from None


async def _answers(url: str) -> bool:
    try:
        async with aiohttp.ClientSession(timeout=_TIMEOUT) as session, session.get(url) as response:
            return response.status == 200
    except aiohttp.ClientError:
        return False
