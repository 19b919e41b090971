"""Does signing on a phone work with the page and the phone in two browsers?"""

import pytest
from playwright.async_api import expect

from shared.contract.models import SignStatus
from tests.browser.test_sign_page import DECLINED, assert_valid, digests, enter, owner, pdfs

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def call(page, person):
    """Enter number and personal number, and wait for the page with the code."""
    await page.fill("#pin [name=MSISDN]", person["msisdn"])
    await page.fill("#pin [name=IDNP]", person["idnp"])
    await page.click("#pin button.primary")
    return await page.locator(".code").inner_text()


@pytest.mark.parametrize(
    ("language", "size", "make"), [("ro", "phone", pdfs), ("ru", "desktop", digests), ("en", "phone", digests)]
)
async def test_the_pin_on_the_phone_leads_the_page_back(e_service, open_page, language, size, make):
    page, phone, person = await open_page(size), await open_page("phone"), owner(e_service, "mobile")
    request = make()
    request_id = await enter(e_service, page, request, Instrument="mobile", lang=language)
    await phone.goto(f"{e_service.sign_page}/phone/{person['msisdn']}?lang={language}")
    code = await call(page, person)
    await expect(phone.locator(".code")).to_have_text(code)
    await phone.fill("#phone [name=PIN]", person["pin"])
    await phone.click("#phone button")
    await expect(page.locator("#outcome")).to_have_text("Success")
    await assert_valid(e_service, request_id, request)


async def test_refusing_on_the_phone_is_a_failure(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), owner(e_service, "mobile")
    request_id = await enter(e_service, page, digests(), Instrument="mobile", lang="ru")
    await call(page, person)
    await phone.goto(f"{e_service.sign_page}/phone/{person['msisdn']}")
    await phone.click("#refuse button")
    await page.click("#return button")
    await expect(page.locator("#outcome")).to_have_text("Failure")
    response = await e_service.outcome(request_id, "ru")
    assert (response.status, response.message) == (SignStatus.FAILURE, DECLINED["ru"])


async def test_without_scripts_the_waiting_page_refreshes_itself(e_service, open_page):
    page, phone = await open_page(scripts=False), await open_page("phone", scripts=False)
    person, request = owner(e_service, "mobile"), digests()
    request_id = await enter(e_service, page, request, Instrument="mobile", lang="en")
    await call(page, person)
    await phone.goto(f"{e_service.sign_page}/phone/{person['msisdn']}")
    await phone.fill("#phone [name=PIN]", person["pin"])
    await phone.click("#phone button")
    await page.click("#return button")
    await expect(page.locator("#outcome")).to_have_text("Success")
    await assert_valid(e_service, request_id, request)


async def test_a_number_that_nobody_registered_is_refused(e_service, open_page):
    page, person = await open_page(), owner(e_service, "mobile")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await page.fill("#pin [name=MSISDN]", "37300000000")
    await page.fill("#pin [name=IDNP]", person["idnp"])
    await page.click("#pin button.primary")
    await expect(page.locator("[role=alert]")).to_be_visible()
