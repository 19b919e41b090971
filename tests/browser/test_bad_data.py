"""TC_FUNCT_04: does bad data stop at the e-Service, with the fault, instead of on the Sign Page?"""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from shared.contract.models import ExpectedSigner
from tests.browser.steps import digests, enter

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (digests(expected_signer=ExpectedSigner(id="123")), "InvalidParameter: ExpectedSigner.ID"),
        (digests(expected_signer=ExpectedSigner(id="")), "InvalidParameter: ExpectedSigner.ID"),
        (digests(0), "InvalidParameter: Contents"),
        (replace(digests(), short_content_description="ă" * 91), "InvalidParameter: ShortContentDescription"),
    ],
)
async def test_the_service_shows_the_fault_and_does_not_redirect(e_service, open_page, request_, said):
    open_page.expected.add(422)
    page, order = await open_page(), e_service.order(request_)
    await page.goto(order)
    await page.click("text=Sign")
    await expect(page.locator("#fault")).to_contain_text(said)
    assert page.url == order


@pytest.mark.parametrize(
    "bad",
    [
        {"MSISDN": "069 123 456"},
        {"ReturnUrl": "http://example.md/return"},
        {"ReturnUrl": "javascript:alert(1)"},
        {"RelayState": "я" * 1025},
    ],
)
async def test_a_bad_parameter_of_the_form_gets_a_page_that_names_it(e_service, open_page, bad):
    open_page.expected.add(400)
    page = await open_page()
    await page.goto(await e_service.ask(digests(), lang="en", **bad))
    await page.click("text=Sign")
    await expect(page.locator("main")).to_contain_text(next(iter(bad)))
    await expect(page.locator("form[action]:not(.languages)")).to_have_count(0)


async def test_a_number_that_is_nobodys_calls_nobody(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("mobile")
    request = digests(expected_signer=ExpectedSigner(id=person["idnp"]))
    await enter(e_service, page, request, Instrument="mobile", MSISDN="37360000000", lang="en")
    await expect(page.locator("[role=alert]")).to_contain_text("no subscriber")
    assert await page.input_value("#pin [name=MSISDN]") == "37360000000"
    assert await e_service.msign.pool.fetchval("SELECT count(*) FROM phone_transactions") == 0
