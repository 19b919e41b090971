"""Does everything work without a mouse, and is it always visible where one is?"""

import pytest
from playwright.async_api import Page, expect

from shared.contract.models import SignStatus
from tests.browser.steps import assert_valid, back_with, digests, enter, fill, pick_up

pytestmark = pytest.mark.asyncio(loop_scope="session")

OUTLINE = "() => getComputedStyle(document.activeElement).outlineStyle"
TOKENS = ("moldsign", "nationalid", "securesign")


async def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus; every stop on the way must show its outline."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        assert await page.evaluate(OUTLINE) != "none", await page.evaluate("document.activeElement.outerHTML")
        if await page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


async def press(page: Page, selector: str) -> None:
    """Go to a button or link and press Enter."""
    await tab_to(page, selector)
    await page.keyboard.press("Enter")


async def type_into(page: Page, **values: str) -> None:
    for name, value in values.items():
        await tab_to(page, f"[name={name}]")
        await page.keyboard.type(value)


@pytest.mark.parametrize("instrument", TOKENS)
async def test_signing_with_a_token(e_service, open_page, instrument):
    page, person, request = await open_page(), e_service.msign.person(instrument), digests()
    request_id = await enter(e_service, page, request, lang="en")
    await press(page, f"[value={instrument}]")
    await page.wait_for_selector("#pin")
    await type_into(page, IDNP=person["idnp"], PIN=person["pin"])
    await page.keyboard.press("Enter")
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_signing_with_a_key_file(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("tax")
    await enter(e_service, page, digests(), lang="en")
    await press(page, "[value=tax]")
    await page.wait_for_selector("#pin")
    await tab_to(page, "[name=KeyFile]")
    async with page.expect_file_chooser() as chosen:
        await page.keyboard.press("Space")
    await (await chosen.value).set_files(e_service.msign.pki / person["key_file"])
    await type_into(page, Password=person["pin"])
    await press(page, "#pin button.primary")
    await back_with(page, SignStatus.SUCCESS)


async def test_signing_on_the_phone(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), lang="en")
    await press(page, "[value=mobile]")
    await page.wait_for_selector("#pin")
    await type_into(page, MSISDN=person["msisdn"], IDNP=person["idnp"])
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".code")
    await pick_up(e_service, phone, person)
    await type_into(phone, PIN=person["pin"])
    await phone.keyboard.press("Enter")
    await back_with(page, SignStatus.SUCCESS)


async def test_cancelling_and_going_back(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await press(page, "#cancel button")
    await page.wait_for_selector("#return")
    await press(page, "#return button")
    await back_with(page, SignStatus.FAILURE)


async def test_another_language_and_another_instrument(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await press(page, "[name=lang][value=ro]")
    await expect(page.locator("html")).to_have_attribute("lang", "ro")
    await press(page, "#again button")
    await expect(page.locator("#instruments")).to_be_visible()


async def test_a_complaint_gets_the_focus_and_leads_to_its_field(e_service, open_page):
    page, person = await open_page(), e_service.msign.person("moldsign")
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await fill(e_service, page, person, "0000")
    await expect(page.locator("#error")).to_be_focused()
    await press(page, "#error a")
    await expect(page.locator("[name=PIN]")).to_be_focused()
    await page.keyboard.type(person["pin"])
    await page.keyboard.press("Enter")
    await back_with(page, SignStatus.SUCCESS)


async def test_the_first_stop_skips_to_the_content(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), lang="en")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await expect(page.locator(".skip")).to_be_in_viewport()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()


async def test_verifying(e_service, open_page):
    open_page.expected.add(422)
    page = await open_page()
    await page.goto(f"{e_service.msign.sign_page}/?lang=en")
    await press(page, "main a[href^='/verify']")
    await page.wait_for_selector("#verify")
    await tab_to(page, "[name=File]")
    async with page.expect_file_chooser() as chosen:
        await page.keyboard.press("Space")
    await (await chosen.value).set_files(e_service.msign.pki / "people.json")
    await press(page, "summary")
    await type_into(page, Hash="0" * 64)
    await press(page, "#verify button.primary")
    await expect(page.locator("[role=alert]")).to_be_visible()
