"""Can the reader change the language on every page, and stay where they are?"""

import pytest
from playwright.async_api import Page, expect

from shared.contract.models import SignStatus
from tests.browser.steps import INSTRUMENTS, LANGUAGES, back_with, digests, enter, fill, pdfs, pick_up, signed, verify
from tests.documents import with_page_replaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def stays(page: Page, *landmarks: str) -> None:
    """In each language the page keeps its landmarks, and says something else in its heading."""
    headings = set()
    for language in LANGUAGES:
        await page.click(f".languages [value={language}], .languages [hreflang={language}]")
        await expect(page.locator(f"html[lang={language}]")).to_be_attached()
        for landmark in landmarks:
            await expect(page.locator(landmark)).to_be_attached()
        headings.add(await page.title())
    assert len(headings) == len(LANGUAGES), headings


@pytest.mark.parametrize(
    ("locale", "wished", "spoken"),
    [("ru-MD", "", "ru"), ("en-GB", "", "en"), ("de-DE", "", "ro"), ("ru-RU", "en", "en")],
)
async def test_the_service_decides_and_else_the_browser(e_service, open_page, locale, wished, spoken):
    page = await open_page(locale=locale)
    await enter(e_service, page, digests(), Instrument="tax", lang=wished)
    assert await page.get_attribute("html", "lang") == spoken
    await page.click("#cancel button")
    await page.wait_for_selector("#return")
    assert await page.get_attribute("html", "lang") == spoken


async def test_on_the_public_pages(e_service, open_page):
    open_page.expected |= {404}
    page, home = await open_page(), e_service.msign.sign_page
    for path, landmark in (("/", "main"), ("/verify", "#verify"), (f"/{'0' * 32}", ".outcome"), ("/no", ".outcome")):
        await page.goto(home + path)
        await stays(page, landmark)


async def test_on_the_choice_and_every_instrument(e_service, open_page):
    page = await open_page("phone")
    await enter(e_service, page, digests())
    await stays(page, "#instruments")
    for instrument in INSTRUMENTS:
        await page.click(f"#instruments [value={instrument}]")
        await page.wait_for_selector("#pin")
        await stays(page, f"#pin [name=Instrument][value={instrument}]")
        await page.click("#again button")
        await page.wait_for_selector("#instruments")


async def test_while_the_phone_rings_and_on_the_phone(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), Instrument="mobile")
    await fill(e_service, page, person)
    code = await page.locator(".code").inner_text()
    await stays(page, ".code")
    await expect(page.locator(".code")).to_have_text(code)
    await pick_up(e_service, phone, person)
    await stays(phone, "#phone")


async def test_on_the_reason_and_the_finished_request(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests(), RelayState="coș 7")
    await page.click("#cancel button")
    await page.wait_for_selector("#return")
    await stays(page, "#return")
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)
    await page.goto(f"{e_service.url}/start/{request_id}")
    await page.click("text=Sign")
    await stays(page, "#return")
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)
    assert e_service.came_back[-1] == {"RequestID": request_id, "RelayState": "coș 7"}


async def test_on_the_verdict(e_service, open_page):
    page = await open_page()
    altered = with_page_replaced(await signed(e_service, page, pdfs()))
    await page.goto(f"{e_service.msign.sign_page}/verify")
    await verify(page, altered)
    await stays(page, "[data-outcome=invalid]")
