"""TC_FUNCT_01: does signing with each instrument lead back to the e-Service with valid signatures?"""

import pytest
from playwright.async_api import expect

from shared.contract.models import ExpectedSigner, SignStatus
from tests.browser.steps import (
    INSTRUMENTS,
    LANGUAGES,
    assert_valid,
    back_with,
    confirm,
    digests,
    enter,
    fill,
    pdfs,
    pick_up,
    sign,
)

pytestmark = pytest.mark.asyncio(loop_scope="session")

WAYS = [
    (name, language, ("desktop", "phone")[(i + j) % 2], (digests, pdfs)[(i + j + 1) % 2])
    for i, name in enumerate(INSTRUMENTS)
    for j, language in enumerate(LANGUAGES)
]


@pytest.mark.parametrize(("instrument", "language", "size", "make"), WAYS)
async def test_signing_leads_back_with_valid_signatures(e_service, open_page, instrument, language, size, make):
    page, request = await open_page(size), make()
    request_id = await enter(e_service, page, request, lang=language, RelayState="coș 7")
    assert await page.get_attribute("html", "lang") == language
    await page.click(f"#instruments [value={instrument}]")
    await sign(e_service, open_page, page, instrument, language=language)
    await back_with(page, SignStatus.SUCCESS)
    assert e_service.came_back[-1] == {"RequestID": request_id, "RelayState": "coș 7"}
    await assert_valid(e_service, request_id, request)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
async def test_without_scripts_the_button_leads_back(e_service, open_page, instrument):
    page, request = await open_page(scripts=False), digests()
    request_id = await enter(e_service, page, request, Instrument=instrument, lang="en")
    await sign(e_service, open_page, page, instrument, scripts=False)
    await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


@pytest.mark.parametrize("scripts", [True, False])
async def test_an_identity_card_asks_for_the_pin_before_each_document(e_service, open_page, scripts):
    page, request = await open_page(scripts=scripts), digests(2)
    request_id = await enter(e_service, page, request, Instrument="nationalid", lang="en")
    person = e_service.msign.person("nationalid")
    await fill(e_service, page, person)
    await expect(page.locator("main")).to_contain_text("Document 2 of 2")
    assert await page.input_value("[name=IDNP]") == person["idnp"]
    assert await page.input_value("[name=PIN]") == ""
    await fill(e_service, page, person)
    if not scripts:
        await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_a_phone_known_beforehand_rings_at_once(e_service, open_page):
    page, phone, person = await open_page("phone"), await open_page("phone"), e_service.msign.person("mobile")
    request = digests(expected_signer=ExpectedSigner(id=person["idnp"]))
    start = await e_service.ask(request, Instrument="mobile", MSISDN=person["msisdn"])
    await page.goto(start)
    await page.click("text=Sign")
    code = await page.locator(".code").inner_text()
    await pick_up(e_service, phone, person)
    await expect(phone.locator(".code")).to_have_text(code)
    await confirm(phone, person)
    await back_with(page, SignStatus.SUCCESS)


async def test_a_phone_that_rings_already_needs_no_reload(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await phone.goto(f"{e_service.msign.sign_page}/phone/{person['msisdn']}?lang=en")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    await confirm(phone, person)
    await back_with(page, SignStatus.SUCCESS)
