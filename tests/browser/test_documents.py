"""Can a person read what they sign before they sign it?"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from shared.contract.models import SignStatus
from tests.browser.opening import launched
from tests.browser.steps import back_with, digests, enter, pdfs, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")

VIEW = ".documents a[target=_blank]"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """The one that has a viewer."""
    async with launched("chromium") as browser:
        yield browser


async def view(page: Page, number: int) -> Page:
    """Open a document in the browser's viewer."""
    async with page.context.expect_page() as opened:
        await page.locator(VIEW).nth(number).click()
    tab = await opened.value
    await tab.wait_for_load_state()
    return tab


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_pdf_is_shown_byte_for_byte_beside_the_page_that_signs_it(e_service, open_page, scripts):
    page, request = await open_page(scripts=scripts), pdfs("Declarație privind venitul.pdf", "Anexa.pdf")
    await enter(e_service, page, request, Instrument="moldsign", lang="en")
    for number, content in enumerate(request.contents):
        tab = await view(page, number)
        assert await tab.evaluate("document.contentType") == "application/pdf"
        answer = await page.context.request.get(tab.url)
        assert await answer.body() == content.content
        assert answer.headers["content-disposition"].startswith("inline")
        assert "sandbox" in answer.headers["content-security-policy"]
        await tab.close()
    await sign(e_service, open_page, page, "moldsign")
    if not scripts:
        await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)


async def test_a_hash_has_nothing_to_view(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), lang="en")
    await expect(page.locator(".documents li")).to_have_count(1)
    await expect(page.locator(VIEW)).to_have_count(0)


async def test_a_link_shows_nothing_in_another_browser(e_service, open_page):
    open_page.expected.add(403)
    page, stranger, request = await open_page(), await open_page(), pdfs()
    request_id = await enter(e_service, page, request, lang="en")
    link = await page.locator(VIEW).get_attribute("href")
    for _ in ("without a cookie", "with a visit of its own"):
        await stranger.goto(f"{e_service.msign.sign_page}{link}")
        assert await stranger.evaluate("document.contentType") == "text/html"
        await expect(stranger.locator("h1")).to_be_visible()
        await stranger.goto(f"{e_service.url}/start/{request_id}")
        await stranger.click("text=Sign")
        await stranger.wait_for_selector("#instruments")
