"""Can an operator read the status page: in every look, without scripts, and while it renews itself?"""

import asyncio
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import expect

from msign_gateway.infrastructure import Infrastructure
from msign_gateway.infrastructure.ports import free_ports
from services.sign_gateway.status.looking import Looking
from services.sign_gateway.status.page import StatusPage
from services.sign_gateway.status.samples import Samples
from shared.lifecycle import Service, serve_http
from shared.lifecycle.ops import create_ops_app
from shared.messaging.broker import open_broker
from shared.messaging.topology import COMMAND_QUEUES, declare_commands
from shared.persistence.migrate import MIGRATIONS, migrate
from shared.persistence.pool import open_pool
from shared.signing.breaker import Breaker
from tests.browser.judging import Judge

pytestmark = pytest.mark.asyncio(loop_scope="session")

INSERT = """
INSERT INTO jobs (job_id, kind, system, command_id, state, command, created_at, expires_at, due_at, posted_at,
                  returned_at, finished_at)
VALUES ($1::uuid, $2, $3, $1::uuid::text, $4, '{}', $5, $6, $7, $8, $9, $10)
"""
OUTCOMES = ("completed", "completed", "completed", "failed", "expired", "rejected", "awaiting_signer")


@dataclass(frozen=True)
class Shown:
    """A status page of a busy gateway."""

    url: str
    pool: asyncpg.Pool

    async def fill(self) -> None:
        """Put jobs of a day into the database, in every state."""
        now = datetime.now(UTC)
        await self.pool.executemany(INSERT, [row(number, now) for number in range(400)])


def row(number: int, now: datetime) -> tuple[object, ...]:
    kind, state = ("verification", "completed") if number % 5 == 0 else ("sign", OUTCOMES[number % len(OUTCOMES)])
    began = now - timedelta(minutes=3.5 * number)
    posted = began + timedelta(milliseconds=90 + number) if kind == "sign" and state != "rejected" else None
    came_back = state in {"completed", "failed"}
    returned = began + timedelta(seconds=40 + number) if posted and came_back else None
    finished = None if state == "awaiting_signer" else (returned or began) + timedelta(milliseconds=300)
    system = ("registru", "declaratii", "a-system-with-a-rather-long-name")[number % 3]
    due = None if finished else began
    return uuid.uuid4(), kind, system, state, began, began + timedelta(days=1), due, posted, returned, finished


@pytest_asyncio.fixture(loop_scope="session")
async def shown(infrastructure: Infrastructure) -> AsyncIterator[Shown]:
    async with (
        infrastructure.database.temporary("status") as url,
        infrastructure.broker.temporary_vhost("status") as vhost,
    ):
        await migrate(url, MIGRATIONS)
        async with (
            open_pool(lambda: url) as pool,
            open_broker(lambda: infrastructure.broker.url_of(vhost), name="status") as connection,
        ):
            async with connection.channel() as channel:
                for queue in COMMAND_QUEUES:
                    await declare_commands(channel, queue)
            service = Service("sign_gateway")
            page = StatusPage(service, connection, Breaker(), Looking(pool, Samples()))
            service.show("/status", page.html)
            (port,) = free_ports(1)
            async with serve_http(create_ops_app(service), host="127.0.0.1", port=port):
                yield Shown(f"http://127.0.0.1:{port}/status", pool)


async def test_the_status_is_fit_for_everybody(shown, open_page):
    page, judge = await open_page(), Judge()
    await page.goto(shown.url)
    await judge.look(page, "status-empty")
    await shown.fill()
    await page.goto(f"{shown.url}?window=week")
    await judge.look(page, "status-week")
    await page.goto(f"{shown.url}?window=day")
    await page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    await judge.look(page, "status-numbers")


async def test_the_status_needs_no_script(shown, open_page):
    await shown.fill()
    page = await open_page(scripts=False)
    await page.goto(f"{shown.url}?window=day")
    await expect(page.locator("#pause")).to_be_hidden()
    await page.locator("#sign-ended-table summary").click()
    await expect(page.locator("#sign-ended-table table")).to_be_visible()
    await page.get_by_role("link", name="Last 7 days").click()
    await expect(page.locator("nav [aria-current]")).to_have_text("Last 7 days")


async def test_the_status_renews_itself_and_keeps_what_is_unfolded(shown, open_page):
    page = await open_page()
    await page.clock.install()
    await page.goto(f"{shown.url}?window=hour")
    await expect(page.locator("text=No job is open.")).to_be_visible()
    await shown.fill()
    await page.evaluate("document.querySelector('#sign-ages-table').open = true")
    await renewed(page)
    await expect(page.locator("#sign-ages-table")).to_have_attribute("open", "")


async def test_a_paused_status_stays_as_it_is(shown, open_page):
    page = await open_page()
    await page.clock.install()
    await page.goto(f"{shown.url}?window=hour")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await page.click("#pause")
    await expect(page.locator("#pause")).to_have_text("Go on")
    await page.clock.run_for(60_000)
    assert asked == []
    await page.click("#pause")
    async with page.expect_request(f"{shown.url}?window=hour"):
        await page.clock.run_for(16_000)


async def renewed(page) -> None:
    """Let time pass in the page until it shows open jobs."""
    async with asyncio.timeout(60):
        while await page.locator("text=No job is open.").count():
            async with page.expect_response(lambda answer: answer.status == 200):
                await page.clock.run_for(16_000)
