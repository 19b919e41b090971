"""Does the whole system lead a browser from the sample e-Service over callback_web and the Sign Page back again?

The six test cases are the e-Service's here: what it shows is what the gateway tells it.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any
from unittest import mock

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from msign_gateway.client import GatewayClient
from msign_gateway.demo.e_service import EService
from msign_gateway.demo.people import Person, owner_of, read_people
from msign_gateway.demo.scene import Scene
from msign_gateway.demo.show import Show
from msign_gateway.demo.stage import set_stage
from msign_gateway.infrastructure import Infrastructure
from shared.lifecycle import serve_http
from tests.browser.judging import Judge

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def demo(infrastructure: Infrastructure, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EService]:
    """What `make demo ARGS=--interactive` runs."""
    root = tmp_path_factory.mktemp("demo")
    scene = Scene(root / ".demo", root / "output")
    servers = {
        "AMQP_URL": infrastructure.broker.url,
        "AMQP_MANAGEMENT_URL": infrastructure.broker.management_url,
        "DATABASE_URL": infrastructure.database.url,
    }
    e_service = EService(scene.e_service_url, scene.frontend_url)
    with mock.patch.dict(os.environ, servers):
        async with (
            set_stage(scene, Show()) as stage,
            serve_http(e_service.app(), host="127.0.0.1", port=scene.ports.e_service),
            GatewayClient.connect(stage.servers.amqp_urls["declaratii"], system="declaratii") as client,
        ):
            e_service.people = read_people(scene.pki / "people.json")
            e_service.client = client
            listening = asyncio.create_task(e_service.orders.listen(client))
            yield e_service
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


@pytest.fixture(scope="module")
def judge() -> Judge:
    return Judge()


def person(demo: EService, instrument: str) -> Person:
    found = owner_of(instrument, demo.people)
    assert found
    return found


async def order(demo: EService, page: Page, what: str, **wishes: str) -> None:
    """Fill in the e-Service's form and click Sign."""
    await page.goto(demo.url)
    for name, value in wishes.items():
        field = page.locator(f"[name={name}]")
        await (field.select_option(value) if name in {"language", "instrument"} else field.fill(value))
    await page.click(f"button[value={what}]")


async def enter_pin(page: Page, who: Person) -> None:
    await page.fill("#pin [name=IDNP]", who.idnp)
    await page.fill("#pin [name=PIN]", who.pin)
    await page.click("#pin button.primary")


async def outcome(page: Page, status: str) -> None:
    await expect(page.locator("h1")).to_have_text("Back at the e-Service")
    await expect(page.locator("main [role=status]")).to_contain_text(status)


@pytest.mark.parametrize("what", ["pdf", "hashes"])
async def test_signing_leads_back_to_the_files(demo, open_page, what):
    page = await open_page()
    await order(demo, page, what, documents="2", language="ro")
    await page.click("#instruments [value=moldsign]")
    assert await page.get_attribute("html", "lang") == "ro"
    await enter_pin(page, person(demo, "moldsign"))
    await outcome(page, "Success")
    await expect(page.locator("td:text-is('yes')")).to_have_count(2)
    async with page.expect_download() as downloaded:
        await page.click("td a >> nth=0")
    path = await (await downloaded.value).path()
    assert path.read_bytes().startswith(b"%PDF-" if what == "pdf" else b"<?xml")


async def test_without_scripts_two_buttons_lead_there_and_back(demo, open_page):
    page = await open_page("phone", scripts=False)
    await order(demo, page, "pdf", language="ru", instrument="securesign")
    await page.click("#sign button")
    await enter_pin(page, person(demo, "securesign"))
    await page.click("#return button")
    await outcome(page, "Success")


async def test_a_known_phone_rings_at_once(demo, open_page):
    page, phone, who = await open_page(), await open_page("phone"), person(demo, "mobile")
    await order(demo, page, "hashes", instrument="mobile", msisdn=str(who.msisdn), expected_signer=who.idnp)
    code = await page.locator(".code").inner_text()
    await phone.goto(f"{demo.frontend_url}/phone/{who.msisdn}")
    await expect(phone.locator(".code")).to_have_text(code)
    await phone.fill("#phone [name=PIN]", who.pin)
    await phone.click("#phone button")
    await outcome(page, "Success")


async def test_cancelling_is_a_failure_with_its_reason(demo, open_page):
    page = await open_page()
    await order(demo, page, "pdf", language="en", instrument="nationalid")
    await page.click("#cancel button")
    await page.click("#return button")
    await outcome(page, "Failure")
    await expect(page.locator("main")).to_contain_text("The user declined to sign")


async def test_the_back_button_of_the_browser_and_sign_again(demo, open_page):
    page = await open_page()
    await order(demo, page, "pdf", language="en")
    await page.click("#instruments [value=moldsign]")
    await page.wait_for_selector("#pin")
    await page.goto(demo.url)
    await order(demo, page, "pdf", language="en", instrument="moldsign")
    await enter_pin(page, person(demo, "moldsign"))
    await outcome(page, "Success")


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"expected_signer": "123"}, "expected_signer"),
        ({"instrument": "mobile", "msisdn": "069 123 456", "expected_signer": "2000000000017"}, "msisdn"),
    ],
)
async def test_bad_data_is_shown_at_the_service_and_leads_nowhere(demo, open_page, bad: dict[str, Any], field: str):
    open_page.expected.add(422)
    page = await open_page()
    await order(demo, page, "pdf", **bad)
    await expect(page.locator("h1")).to_have_text("The request was rejected")
    await expect(page.locator("li code").first).to_contain_text(field)
    assert page.url.startswith(demo.url)


async def test_every_page_on_the_way_is_fit_for_everybody(demo, open_page, judge):
    open_page.expected |= {404, 410, 422}
    page = await open_page()
    await page.route("**/assets/submit.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    await page.goto(demo.url)
    await judge.look(page, "e-service")
    await order(demo, page, "pdf", expected_signer="123")
    await judge.look(page, "e-service-rejected")
    await order(demo, page, "pdf", language="ru", instrument="moldsign")
    await page.wait_for_selector("#sign")
    link = page.url
    await judge.look(page, "callback-going")
    await page.click("#sign button")
    await enter_pin(page, person(demo, "moldsign"))
    await outcome(page, "Success")
    await judge.look(page, "e-service-back")
    await page.goto(link)
    await judge.look(page, "callback-again")
    await page.goto(link[:-8])
    await judge.look(page, "callback-unknown")
