"""TC_FUNCT_03: does going back, reloading, or a second tab leave a request unbroken?"""

import asyncio

import pytest
from playwright.async_api import expect

from shared.contract.models import SignStatus
from tests.browser.steps import INSTRUMENTS, assert_valid, back_with, digests, enter, fill, pick_up, sign

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("instrument", INSTRUMENTS)
async def test_going_back_to_the_service_shows_the_sign_page_again(e_service, open_page, instrument):
    page, request = await open_page(), digests()
    request_id = await enter(e_service, page, request, lang="en")
    await page.click(f"#instruments [value={instrument}]")
    await page.wait_for_selector("#pin")
    await page.goto(f"{e_service.url}/start/{request_id}")
    await page.click("text=Sign")
    await page.click(f"#instruments [value={instrument}]")
    await sign(e_service, open_page, page, instrument)
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_a_service_that_posts_anew_gets_a_request_of_its_own(e_service, open_page):
    page = await open_page()
    await page.goto(e_service.order(digests()))
    await page.click("text=Sign")
    await page.wait_for_selector("#instruments")
    first = page.url
    await page.go_back()
    await page.click("text=Sign")
    await page.wait_for_selector("#instruments")
    assert page.url != first
    await page.click("#instruments [value=moldsign]")
    await sign(e_service, open_page, page, "moldsign")
    await back_with(page, SignStatus.SUCCESS)


async def test_every_step_can_be_reloaded(e_service, open_page):
    page, request = await open_page(), digests()
    request_id = await enter(e_service, page, request, lang="en")
    await page.reload()
    await page.click("#instruments [value=moldsign]")
    await page.wait_for_selector("#pin")
    await page.reload()
    person = e_service.msign.person("moldsign")
    await fill(e_service, page, person, "0000")
    await page.wait_for_selector("[role=alert]")
    await page.reload()
    await fill(e_service, page, person)
    await back_with(page, SignStatus.SUCCESS)
    await assert_valid(e_service, request_id, request)


async def test_reloading_a_reason_shows_the_way_back_again(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), Instrument="tax", lang="en")
    await page.click("#cancel button")
    await page.wait_for_selector("#return")
    await page.reload()
    await page.click("#return button")
    await back_with(page, SignStatus.FAILURE)


async def test_reloading_what_was_signed_shows_the_way_back_again(e_service, open_page):
    page = await open_page(scripts=False)
    await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await sign(e_service, open_page, page, "moldsign")
    await page.wait_for_selector("#return")
    await page.reload()
    await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)


async def test_reloading_while_the_phone_rings_calls_it_once(e_service, open_page):
    page, phone, person = await open_page(), await open_page("phone"), e_service.msign.person("mobile")
    await enter(e_service, page, digests(), Instrument="mobile", lang="en")
    await fill(e_service, page, person)
    code = await page.locator(".code").inner_text()
    await page.reload()
    await expect(page.locator(".code")).to_have_text(code)
    await pick_up(e_service, phone, person)
    await phone.fill("#phone [name=PIN]", person["pin"])
    await phone.click("#phone button")
    await back_with(page, SignStatus.SUCCESS)
    assert await e_service.msign.pool.fetchval("SELECT count(*) FROM phone_transactions") == 1


async def test_sign_after_signing_leads_back_and_signs_nothing(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await sign(e_service, open_page, page, "moldsign")
    await back_with(page, SignStatus.SUCCESS)
    signed = await e_service.outcome(request_id)
    await page.goto(f"{e_service.url}/start/{request_id}")
    await page.click("text=Sign")
    await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)
    assert await e_service.outcome(request_id) == signed


async def test_a_second_tab_finds_that_the_first_has_signed(e_service, open_page):
    first, request = await open_page(), digests()
    second = await first.context.new_page()
    request_id = await enter(e_service, first, request, Instrument="moldsign", lang="en")
    await second.goto(f"{e_service.url}/start/{request_id}")
    await second.click("text=Sign")
    await second.wait_for_selector("#pin")
    await sign(e_service, open_page, first, "moldsign")
    await back_with(first, SignStatus.SUCCESS)
    signed = await e_service.outcome(request_id)
    await sign(e_service, open_page, second, "moldsign")
    await second.click("#return button")
    await back_with(second, SignStatus.SUCCESS)
    assert await e_service.outcome(request_id) == signed


async def test_two_tabs_that_sign_at_once_sign_once(e_service, open_page):
    open_page.expected.add(409)
    first, request = await open_page(), digests(8)
    second = await first.context.new_page()
    request_id = await enter(e_service, first, request, Instrument="moldsign", lang="en")
    await second.goto(f"{e_service.url}/start/{request_id}")
    await second.click("text=Sign")
    await second.wait_for_selector("#pin")
    await asyncio.gather(sign(e_service, open_page, first, "moldsign"), sign(e_service, open_page, second, "moldsign"))
    for page in (first, second):
        await expect(page.locator("#outcome, #return, [role=alert]").first).to_be_visible()
    await assert_valid(e_service, request_id, request)
    assert sum(one["RequestID"] == request_id for one in e_service.came_back) == 1


async def test_two_requests_in_one_browser_do_not_mix(e_service, open_page):
    first, one, two = await open_page(), digests(), digests(2)
    second = await first.context.new_page()
    first_id = await enter(e_service, first, one, Instrument="moldsign", lang="en")
    second_id = await enter(e_service, second, two, Instrument="tax", lang="ru")
    await sign(e_service, open_page, first, "moldsign")
    await sign(e_service, open_page, second, "tax")
    await back_with(first, SignStatus.SUCCESS)
    await back_with(second, SignStatus.SUCCESS)
    await assert_valid(e_service, first_id, one)
    await assert_valid(e_service, second_id, two)


async def test_the_browsers_own_back_button_leads_to_the_service_and_sign_works_again(e_service, open_page):
    page = await open_page()
    await enter(e_service, page, digests(), lang="en")
    await page.click("#instruments [value=moldsign]")
    await page.wait_for_selector("#pin")
    await page.go_back()
    await page.wait_for_selector("#instruments")
    await page.go_back()
    await page.click("text=Sign")
    await page.click("#instruments [value=tax]")
    await sign(e_service, open_page, page, "tax")
    await back_with(page, SignStatus.SUCCESS)


async def test_the_back_button_after_signing_shows_that_it_is_done(e_service, open_page):
    page = await open_page()
    request_id = await enter(e_service, page, digests(), Instrument="moldsign", lang="en")
    await sign(e_service, open_page, page, "moldsign")
    await back_with(page, SignStatus.SUCCESS)
    signed = await e_service.outcome(request_id)
    await page.go_back()
    await page.click("#return button")
    await back_with(page, SignStatus.SUCCESS)
    assert await e_service.outcome(request_id) == signed
