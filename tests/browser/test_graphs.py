"""What does an operator see in Prometheus, before MSign is stopped, while it is away, and after the runbook's cure?

The rules are those that ship; only their waiting times are cut to seconds.
"""

import base64
import hashlib
import os
import re
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from msign_gateway.client import GatewayClient
from msign_gateway.demo.monitoring import targets_of
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import Stage, set_stage
from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.processes import end
from msign_gateway.infrastructure.prometheus import CONFIGURATION, Prometheus, open_prometheus
from shared.messaging import events as wire
from tests.gateway import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

SERVICES = {"callback_web", "msign", "sign_gateway", "verifier"}
BROKER = {"rabbitmq", "rabbitmq-detailed"}
"""Not where the broker is a given one, and nobody says where its metrics are."""


@dataclass(frozen=True)
class Watched:
    """The running system, and the Prometheus that watches it."""

    stage: Stage
    prometheus: Prometheus

    async def fires(self, alert: str) -> bool:
        return alert in await self.prometheus.firing()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def watched(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Watched]:
    root = tmp_path_factory.mktemp("watched")
    scene = Scene(root / ".demo", root / "output")
    servers = {
        "AMQP_URL": infrastructure.broker.url,
        "AMQP_MANAGEMENT_URL": infrastructure.broker.management_url,
        "AMQP_METRICS": infrastructure.broker.metrics or "",
        "DATABASE_URL": infrastructure.database.url,
    }
    with mock.patch.dict(os.environ, servers):
        async with (
            set_stage(scene, Show()) as stage,
            open_prometheus(
                root / "prometheus",
                targets_of(scene, stage.servers),
                log=root / "prometheus.log",
                configuration=impatient(root / "configuration"),
                every_s=1,
            ) as prometheus,
        ):
            yield Watched(stage, prometheus)


@pytest_asyncio.fixture(loop_scope="session")
async def page(chromium: Browser) -> AsyncIterator[Page]:
    """A page that may complain: what Prometheus' own scripts say is not ours to mend."""
    context = await chromium.new_context()
    yield await context.new_page()
    await context.close()


def impatient(copy: Path) -> Path:
    """The configuration that ships, with alerts that wait for a second only."""
    shutil.copytree(CONFIGURATION, copy)
    for rules in (copy / "rules").glob("*.yml"):
        text = rules.read_text(encoding="utf-8")
        rules.write_text(re.sub(r"^(\s+for:) .*$", r"\1 1s", text, flags=re.MULTILINE), encoding="utf-8")
    return copy


async def sign_job(client: GatewayClient) -> str:
    digest = base64.b64encode(hashlib.sha1(b"a declaration", usedforsecurity=False).digest()).decode()
    return await client.sign(
        {
            "content_type": "Hash",
            "short_description": "A declaration",
            "contents": [{"content": digest}],
            "return_url": "https://declaratii.example/back",
        }
    )


async def graph(page: Page, prometheus: Prometheus, expression: str) -> None:
    """Have the last minute of an expression drawn."""
    query = urlencode({"g0.expr": expression, "g0.tab": "0", "g0.range_input": "1m"})
    await page.goto(f"{prometheus.page('graph')}?{query}")


async def test_every_target_is_up(watched: Watched, page: Page) -> None:
    jobs = SERVICES | (BROKER if watched.stage.servers.broker_metrics else set())

    async def all_up() -> bool:
        health = await watched.prometheus.targets()
        return set(health) == jobs and all(set(states) == {"up"} for states in health.values())

    await eventually(all_up)
    await page.goto(watched.prometheus.page("targets"))
    await expect(page.get_by_text(re.compile(r"\(1/1 up\)"))).to_have_count(len(jobs))


async def test_a_job_is_drawn(watched: Watched, page: Page) -> None:
    async with GatewayClient.connect(watched.stage.servers.amqp_urls["declaratii"], system="declaratii") as client:
        assert (await client.next_event(await sign_job(client))).type == wire.ACCEPTED
    query = "sum by (state) (msign_gateway_job_transitions_total)"

    async def counted() -> bool:
        return any(one["metric"]["state"] == "awaiting_signer" for one in await watched.prometheus.query(query))

    await eventually(counted)
    await graph(page, watched.prometheus, query)
    await expect(page.locator(".rickshaw_graph svg path").first).to_be_attached()
    await expect(page.locator(".legend")).to_contain_text("awaiting_signer")


async def test_an_alert_fires_while_msign_is_stopped_and_ends_when_it_is_back(watched: Watched, page: Page) -> None:
    """The runbook's entry BreakerOpen, played: jobs wait meanwhile and go on by themselves afterwards."""
    await page.goto(watched.prometheus.page("alerts"))
    await expect(page.get_by_text("BreakerOpen (0 active)")).to_be_visible()
    async with GatewayClient.connect(watched.stage.servers.amqp_urls["declaratii"], system="declaratii") as client:
        end([watched.stage.children["msign"]])
        command = await sign_job(client)
        await eventually(lambda: watched.fires("BreakerOpen"), within_s=60)
        assert not await watched.fires("MSignRefusesUs")
        await page.reload()
        await expect(page.get_by_text("BreakerOpen (1 active)")).to_be_visible()
        watched.stage.restart("msign")
        assert (await client.next_event(command)).type == wire.ACCEPTED
    await eventually(lambda: over(watched, "BreakerOpen", "ServiceDown"), within_s=60)
    await page.reload()
    await expect(page.get_by_text("BreakerOpen (0 active)")).to_be_visible()


async def over(watched: Watched, *alerts: str) -> bool:
    return not set(alerts) & await watched.prometheus.firing()
