"""TC_FUNCT_02: does whoever cancels see why it failed, and the e-Service a failure in its own language?"""

import pytest
from playwright.async_api import expect

from shared.contract.models import SignStatus
from tests.browser.steps import DECLINED, INSTRUMENTS, LANGUAGES, back_with, digests, enter, fill, pick_up

pytestmark = pytest.mark.asyncio(loop_scope="session")

TURNS = [(name, LANGUAGES[i % 3], ("phone", "desktop")[i % 2]) for i, name in enumerate(INSTRUMENTS)]


async def failed_with_reason(e_service, page, request_id):
    """The page says that it failed and why; OK leads back; the API says the same to whoever asks in any language."""
    await expect(page.locator(".outcome [role=status]")).not_to_be_empty()
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)
    await expect(page.locator("#message")).to_have_text(DECLINED["en"])
    for language in LANGUAGES:
        response = await e_service.outcome(request_id, language)
        assert (response.status, response.message) == (SignStatus.FAILURE, DECLINED[language])


@pytest.mark.parametrize("scripts", [True, False])
@pytest.mark.parametrize(("instrument", "language", "size"), TURNS)
async def test_cancelling_at_the_instrument_says_why(e_service, open_page, instrument, language, size, scripts):
    page = await open_page(size, scripts=scripts)
    request_id = await enter(e_service, page, digests(), Instrument=instrument, lang=language)
    await page.click("#cancel button")
    await failed_with_reason(e_service, page, request_id)


async def test_cancelling_before_an_instrument_is_chosen_says_why(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests())
    await page.click("#cancel button")
    await failed_with_reason(e_service, page, request_id)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_refusing_on_the_phone_is_a_failure(e_service, open_page, language):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    request_id = await enter(e_service, page, digests(), Instrument="mobile", lang=language)
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person, language)
    await phone.click("#refuse button")
    await failed_with_reason(e_service, page, request_id)


async def test_cancelling_between_two_pin_entries_keeps_what_was_signed(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests(2), Instrument="nationalid", lang="en")
    await fill(e_service, page, e_service.msign.person("nationalid"))
    await expect(page.locator("main")).to_contain_text("Document 2 of 2")
    await page.click("#cancel button")
    await failed_with_reason(e_service, page, request_id)
    assert len((await e_service.outcome(request_id)).results) == 1


async def test_cancelling_while_the_phone_rings_silences_it(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    request_id = await enter(e_service, page, digests(), Instrument="mobile")
    await fill(e_service, page, person)
    await pick_up(e_service, phone, person)
    await page.click("#cancel button")
    await failed_with_reason(e_service, page, request_id)
    await phone.reload()
    await expect(phone.locator("#phone")).to_have_count(0)
